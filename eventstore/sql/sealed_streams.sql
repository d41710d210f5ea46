-- sealed_streams: the streams whose first event is sealed under the key of a subject.
-- $1 organization_id uuid
-- $2 subject_id uuid
SELECT stream_id
  FROM eventstore.events
 WHERE organization_id = $1
   AND subject_id = $2
   AND version = 1
