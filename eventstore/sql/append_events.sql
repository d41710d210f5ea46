-- append_events: add events and the keys of their new subjects; one element of each array per event.
-- $1 organization_id uuid
-- $2 positions bigint[]
-- $3 stream_ids uuid[]
-- $4 versions bigint[]
-- $5 event_ids uuid[]
-- $6 types text[]
-- $7 schema_versions smallint[]
-- $8 recorded_at timestamptz[]
-- $9 actor_ids text[]
-- $10 token_ids uuid[]
-- $11 request_ids uuid[]
-- $12 sources text[]
-- $13 data text[]
-- $14 sealed bytea[]
-- $15 subject_ids uuid[]
-- $16 new_subject_ids uuid[]
-- $17 new_wrapped_keys bytea[]: one element per new subject
WITH new_keys AS (
    INSERT INTO eventstore.subject_keys (organization_id, subject_id, wrapped_key)
    SELECT $1, subject_id, wrapped_key
      FROM unnest($16::uuid[], $17::bytea[]) AS made (subject_id, wrapped_key)
)
INSERT INTO eventstore.events
       (organization_id, position, stream_id, version, event_id, type, schema_version, recorded_at,
        actor_id, token_id, request_id, source, data, sealed, subject_id)
SELECT $1, "position", stream_id, version, event_id, type, schema_version, recorded_at,
       actor_id, token_id, request_id, source, data::json, sealed, subject_id
  FROM unnest($2::bigint[], $3::uuid[], $4::bigint[], $5::uuid[], $6::text[], $7::smallint[],
              $8::timestamptz[], $9::text[], $10::uuid[], $11::uuid[], $12::text[], $13::text[],
              $14::bytea[], $15::uuid[])
       AS appended ("position", stream_id, version, event_id, type, schema_version, recorded_at,
                    actor_id, token_id, request_id, source, data, sealed, subject_id)
