-- list_members: members of a group by id, after one of them, with their names.
-- $1 organization_id uuid
-- $2 group_id uuid
-- $3 after uuid: the member that the page begins after; NULL for the first page
-- $4 limit bigint
SELECT memberships.member_id, memberships.member_type,
       coalesce(users.document->>'displayName', groups.document->>'displayName') AS display_name,
       users.document->>'userName' AS user_name
  FROM (SELECT member_id, member_type
          FROM directory.memberships
         WHERE organization_id = $1
           AND group_id = $2
           AND ($3::uuid IS NULL OR member_id > $3)
         ORDER BY member_id
         LIMIT $4) AS memberships
  LEFT JOIN directory.users
    ON users.organization_id = $1
   AND users.id = memberships.member_id
  LEFT JOIN directory.groups
    ON groups.organization_id = $1
   AND groups.id = memberships.member_id
 ORDER BY memberships.member_id
