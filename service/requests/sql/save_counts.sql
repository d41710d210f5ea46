-- save_counts: store the counts of a cycle's events, unless it went on meanwhile.
-- $1 organization_id uuid
-- $2 id uuid
-- $3 last_at timestamptz
-- $4 counts jsonb
UPDATE service.cycles
   SET counts = $4
 WHERE organization_id = $1
   AND id = $2
   AND last_at = $3
