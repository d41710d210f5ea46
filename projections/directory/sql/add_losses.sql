-- add_losses: add events that took access from users. One element of each array per loss.
-- $1 organization_id uuid
-- $2 stream_ids uuid[]
-- $3 positions bigint[]
-- $4 user_ids uuid[]
-- $5 kinds text[]
-- $6 recorded_at timestamptz[]
INSERT INTO directory.losses (organization_id, stream_id, position, user_id, kind, recorded_at)
SELECT $1, stream_id, "position", user_id, kind, recorded_at
  FROM unnest($2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::timestamptz[])
       AS rows (stream_id, "position", user_id, kind, recorded_at)
