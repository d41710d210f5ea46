-- add_held_users: add users to holds. One element of each array per user.
-- $1 organization_id uuid
-- $2 hold_ids uuid[]
-- $3 user_ids uuid[]
-- $4 held_at timestamptz[]
INSERT INTO directory.held_users (organization_id, hold_id, user_id, held_at)
SELECT $1, hold_id, user_id, held_at
  FROM unnest($2::uuid[], $3::uuid[], $4::timestamptz[]) AS rows (hold_id, user_id, held_at)
