-- load_parked: the parked streams of a projection. The one that has waited longest comes first.
-- $1 projection text
  SELECT projection, organization_id, stream_id, position, version, event_id, event_type,
         error, attempts, parked_at, tried_at
    FROM followers.parked_streams
   WHERE projection = $1
ORDER BY parked_at, organization_id, position
