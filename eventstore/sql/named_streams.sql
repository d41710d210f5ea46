-- named_streams: events that give a user its userName, after a position, with their sealed parts.
-- $1 organization_id uuid
-- $2 after bigint
-- $3 limit bigint
SELECT stream_id, version, position, type, schema_version, recorded_at, source, data, event_id, sealed, subject_id
  FROM eventstore.events
 WHERE organization_id = $1
   AND position > $2
   AND (type = 'UserProvisioned' OR (type = 'UserChanged' AND data::jsonb->'attributes' ? 'userName'))
 ORDER BY position
 LIMIT $3
