-- delete_groups: delete groups and their memberships.
-- $1 organization_id uuid
-- $2 ids uuid[]
  WITH gone AS (
       DELETE FROM directory.memberships
        WHERE organization_id = $1
          AND group_id = ANY($2::uuid[]))
DELETE FROM directory.groups
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
