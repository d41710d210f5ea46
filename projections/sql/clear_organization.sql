-- clear_organization: take the row of an organization and those of its tokens out, to write them anew.
-- $1 organization_id uuid
  WITH tokens AS (
       DELETE FROM directory.tokens
        WHERE organization_id = $1)
DELETE FROM directory.organizations
 WHERE organization_id = $1
