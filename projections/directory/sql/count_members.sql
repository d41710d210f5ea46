-- count_members: how many members some groups have, and how many groups some users or groups are in.
-- $1 organization_id uuid
-- $2 group_ids uuid[]
-- $3 member_ids uuid[]
SELECT id, member_count AS members, 0 AS groups
  FROM groups
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
 UNION ALL
SELECT member_id, 0, count(*)
  FROM memberships
 WHERE organization_id = $1
   AND member_id = ANY($3::uuid[])
 GROUP BY member_id
