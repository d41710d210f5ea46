-- list_holds: holds without their users, latest first. Ids of holds grow with time.
-- $1 organization_id uuid
-- $2 limit bigint
-- $3 before uuid, or NULL for the first page
-- $4 state text, or NULL for all
  SELECT id, version, kind, opened_at, opened_position, since_position, passed, active_users, max_users, max_percent,
         window_minutes, user_count, state, decided_at, decided_position
    FROM directory.holds
   WHERE organization_id = $1
     AND ($3::uuid IS NULL OR id < $3)
     AND ($4::text IS NULL OR state = $4)
ORDER BY id DESC
   LIMIT $2
