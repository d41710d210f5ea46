-- add_activity: add events to the timeline, one element of each array per event.
-- $1 organization_id uuid
-- $2 positions bigint[]
-- $3 at timestamptz[]
-- $4 types text[]
-- $5 stream_ids uuid[]
-- $6 actor_ids text[]
-- $7 token_ids uuid[]
-- $8 request_ids uuid[]
-- $9 sources text[]
-- $10 facts text[]: JSON
INSERT INTO activity
       (organization_id, position, at, type, stream_id, actor_id, token_id, request_id, source, facts)
SELECT $1, "position", at, type, stream_id, actor_id, token_id, request_id, source, facts::jsonb
  FROM unnest($2::bigint[], $3::timestamptz[], $4::text[], $5::uuid[], $6::text[], $7::uuid[],
              $8::uuid[], $9::text[], $10::text[])
       AS events ("position", at, type, stream_id, actor_id, token_id, request_id, source, facts)
