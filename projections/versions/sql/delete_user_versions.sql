-- delete_user_versions: delete all versions of users who were erased.
-- $1 organization_id uuid
-- $2 ids uuid[]
DELETE FROM user_versions
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
