-- list_held: the users in a hold, by id.
-- $1 organization_id uuid
-- $2 hold_id uuid
-- $3 limit bigint
-- $4 after uuid, or NULL for the first page
  SELECT held_users.user_id AS id, users.document->>'userName' AS user_name,
         users.document->>'displayName' AS display_name, users.role_id,
         coalesce(users.active, false) AS active, held_users.held_at AS at
    FROM directory.held_users
    LEFT JOIN directory.users
      ON users.organization_id = $1
     AND users.id = held_users.user_id
   WHERE held_users.organization_id = $1
     AND held_users.hold_id = $2
     AND ($4::uuid IS NULL OR held_users.user_id > $4)
ORDER BY held_users.user_id
   LIMIT $3
