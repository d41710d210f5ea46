-- read_one_of_groups_by_id_with_members: the same as read_groups_by_id_with_members, for one key.
-- $1 organization_id uuid
-- $2 key uuid
SELECT groups.id AS key, groups.id, groups.version, groups.created_at, groups.modified_at, groups.document,
       CASE WHEN groups.member_count BETWEEN 1 AND 1000
            THEN (SELECT json_agg(json_build_array(memberships.member_id, memberships.member_type,
                                                   coalesce(users.document, nested.document)->>'displayName')
                                  ORDER BY memberships.member_id)::text
                    FROM directory.memberships
                    LEFT JOIN directory.users
                      ON users.organization_id = $1
                     AND users.id = memberships.member_id
                    LEFT JOIN directory.groups AS nested
                      ON nested.organization_id = $1
                     AND nested.id = memberships.member_id
                   WHERE memberships.organization_id = $1
                     AND memberships.group_id = groups.id)
       END AS related,
       groups.member_count
  FROM directory.groups
 WHERE groups.organization_id = $1
   AND groups.id = $2
