-- clear_organization: delete the rows of an organization and its tokens, before new ones are written.
-- $1 organization_id uuid
  WITH gone AS (
       DELETE FROM tokens
        WHERE organization_id = $1)
DELETE FROM organizations
 WHERE organization_id = $1
