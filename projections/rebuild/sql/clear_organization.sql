-- clear_organization: take the row of an organization and those of its tokens out, to write them anew.
-- $1 organization_id uuid
  WITH gone AS (
       DELETE FROM tokens
        WHERE organization_id = $1)
DELETE FROM organizations
 WHERE organization_id = $1
