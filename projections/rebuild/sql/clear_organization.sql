-- clear_organization: delete the rows of an organization, its tokens and its OAuth clients, before new ones are written.
-- $1 organization_id uuid
  WITH gone_tokens AS (
       DELETE FROM tokens
        WHERE organization_id = $1),
       gone_clients AS (
       DELETE FROM clients
        WHERE organization_id = $1)
DELETE FROM organizations
 WHERE organization_id = $1
