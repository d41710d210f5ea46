-- list_passed: the users who lost access between two positions, by id.
-- $1 organization_id uuid
-- $2 since_at timestamptz: no loss in question is older, and the index has instants
-- $3 since_position bigint
-- $4 before_position bigint
-- $5 limit bigint
-- $6 after uuid, or NULL for the first page
  SELECT lost.user_id AS id, users.document->>'userName' AS user_name,
         users.document->>'displayName' AS display_name, users.role_id,
         coalesce(users.active, false) AS active, lost.at
    FROM (SELECT user_id, min(recorded_at) AS at
            FROM directory.losses
           WHERE organization_id = $1
             AND recorded_at >= $2
             AND position >= $3
             AND position < $4
           GROUP BY user_id) AS lost
    LEFT JOIN directory.users
      ON users.organization_id = $1
     AND users.id = lost.user_id
   WHERE $6::uuid IS NULL OR lost.user_id > $6
ORDER BY lost.user_id
   LIMIT $5
