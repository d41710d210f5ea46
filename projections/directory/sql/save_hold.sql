-- save_hold: insert or overwrite a hold, without its users.
-- $1 organization_id uuid
-- $2 id uuid
-- $3 version bigint
-- $4 kind text
-- $5 opened_at timestamptz
-- $6 opened_position bigint
-- $7 since_position bigint
-- $8 passed bigint
-- $9 active_users bigint
-- $10 max_users bigint
-- $11 max_percent bigint
-- $12 window_minutes bigint
-- $13 user_count bigint
-- $14 state text
-- $15 decided_at timestamptz
-- $16 decided_position bigint
INSERT INTO directory.holds
       (organization_id, id, version, kind, opened_at, opened_position, since_position, passed, active_users,
        max_users, max_percent, window_minutes, user_count, state, decided_at, decided_position)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
    ON CONFLICT ON CONSTRAINT holds_pkey
    DO UPDATE
   SET version = excluded.version,
       user_count = excluded.user_count,
       state = excluded.state,
       decided_at = excluded.decided_at,
       decided_position = excluded.decided_position
