-- load_memberships: the groups that some users or groups belong to.
-- $1 organization_id uuid
-- $2 member_ids uuid[]
-- $3 rows at most
SELECT group_id, member_id, member_type
  FROM directory.memberships
 WHERE organization_id = $1
   AND member_id = ANY($2::uuid[])
 LIMIT $3
