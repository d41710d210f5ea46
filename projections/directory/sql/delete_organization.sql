-- delete_organization: delete an organization, with its tokens and OAuth clients.
-- $1 organization_id uuid
WITH gone_tokens AS (
    DELETE FROM directory.tokens
     WHERE organization_id = $1
), gone_clients AS (
    DELETE FROM directory.clients
     WHERE organization_id = $1
)
DELETE FROM directory.organizations
 WHERE organization_id = $1
