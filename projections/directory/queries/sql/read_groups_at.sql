-- read_groups_at: groups by id with their members, as they were at a position of the log. What did not exist has no row.
-- $1 organization_id uuid
-- $2 ids uuid[]
-- $3 position bigint
-- $4 with_members boolean: if not, the members are NULL
SELECT groups.id, groups.version, groups.created_at, groups.modified_at, groups.document,
       CASE WHEN $4
            THEN (SELECT json_agg(json_build_array(memberships.member_id, memberships.member_type,
                                                   coalesce(users.document, nested.document)->>'displayName')
                                  ORDER BY memberships.member_id)::text
                    FROM history.membership_periods AS memberships
                    LEFT JOIN versions.user_versions AS users
                      ON users.organization_id = $1
                     AND users.id = memberships.member_id
                     AND users.from_position <= $3
                     AND (users.to_position IS NULL OR users.to_position > $3)
                    LEFT JOIN versions.group_versions AS nested
                      ON nested.organization_id = $1
                     AND nested.id = memberships.member_id
                     AND nested.from_position <= $3
                     AND (nested.to_position IS NULL OR nested.to_position > $3)
                   WHERE memberships.organization_id = $1
                     AND memberships.group_id = groups.id
                     AND memberships.from_position <= $3
                     AND (memberships.to_position IS NULL OR memberships.to_position > $3))
       END AS related,
       groups.member_count
  FROM versions.group_versions AS groups
 WHERE groups.organization_id = $1
   AND groups.id = ANY($2::uuid[])
   AND groups.from_position <= $3
   AND (groups.to_position IS NULL OR groups.to_position > $3)
