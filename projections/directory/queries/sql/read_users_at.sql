-- read_users_at: users by id, as they were served at a position of the log. Who did not exist then has no row.
-- $1 organization_id uuid
-- $2 ids uuid[]
-- $3 position bigint
SELECT users.id, users.version, users.created_at, users.modified_at, users.document,
       (SELECT json_agg(json_build_array(groups.id, groups.document->>'displayName') ORDER BY groups.id)::text
          FROM history.membership_periods AS memberships
          JOIN versions.group_versions AS groups
            ON groups.organization_id = $1
           AND groups.id = memberships.group_id
           AND groups.from_position <= $3
           AND (groups.to_position IS NULL OR groups.to_position > $3)
         WHERE memberships.organization_id = $1
           AND memberships.member_id = users.id
           AND memberships.from_position <= $3
           AND (memberships.to_position IS NULL OR memberships.to_position > $3)) AS related,
       0 AS member_count
  FROM versions.user_versions AS users
 WHERE users.organization_id = $1
   AND users.id = ANY($2::uuid[])
   AND users.from_position <= $3
   AND (users.to_position IS NULL OR users.to_position > $3)
