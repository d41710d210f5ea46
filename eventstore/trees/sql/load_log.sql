-- load_log: how far the tree of a log is, and its newest checkpoint. No row means that the log has no tree.
-- $1 organization_id uuid
SELECT organization_id, incarnation, size, root, note, signed_at, kept_size, kept_at, marks_from, is_found, restored_at
  FROM proof.logs
 WHERE organization_id = $1
