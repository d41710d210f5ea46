-- delete_group_versions: delete all versions of groups whose organization was erased.
-- $1 organization_id uuid
-- $2 ids uuid[]
DELETE FROM group_versions
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
