-- load_kept: the checkpoints of a log that are kept, the oldest first, after one of them.
-- $1 organization_id uuid
-- $2 incarnation integer
-- $3 size bigint
SELECT note, signed_at
  FROM proof.checkpoints
 WHERE organization_id = $1
   AND (incarnation, size) > ($2::integer, $3::bigint)
 ORDER BY incarnation, size
