-- read_members: the members of a group, by id, as (id, type, displayName or NULL).
-- $1 organization_id uuid
-- $2 group_id uuid
  SELECT memberships.member_id, memberships.member_type,
         coalesce(users.document, nested.document)->>'displayName' AS display
    FROM directory.memberships
    LEFT JOIN directory.users
      ON users.organization_id = $1
     AND users.id = memberships.member_id
    LEFT JOIN directory.groups AS nested
      ON nested.organization_id = $1
     AND nested.id = memberships.member_id
   WHERE memberships.organization_id = $1
     AND memberships.group_id = $2
ORDER BY memberships.member_id
