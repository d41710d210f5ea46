-- load_holds: holds by id, without their users. Unknown ids have no row.
-- $1 organization_id uuid
-- $2 ids uuid[]
SELECT id, version, kind, opened_at, opened_position, since_position, passed, active_users, max_users, max_percent,
       window_minutes, user_count, state, decided_at, decided_position
  FROM holds
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
