-- list_members_by_name: users who are members of a group, in the order of their userNames, after one of them.
-- $1 organization_id uuid
-- $2 group_id uuid
-- $3 after text: the folded userName that the page begins after; NULL for the first page
-- $4 begin text: what userName or displayName begins with, folded; NULL for all
-- $5 limit bigint
SELECT users.id, users.user_name_key, users.document->>'userName' AS user_name,
       users.document->>'displayName' AS display_name, users.active, users.role_id
  FROM directory.memberships
  JOIN directory.users
    ON users.organization_id = $1
   AND users.id = memberships.member_id
 WHERE memberships.organization_id = $1
   AND memberships.group_id = $2
   AND ($3::text IS NULL OR users.user_name_key > $3)
   AND ($4::text IS NULL OR starts_with(users.user_name_key, $4) OR starts_with(users.display_name_key, $4))
 ORDER BY users.user_name_key
 LIMIT $5
