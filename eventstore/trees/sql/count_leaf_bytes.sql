-- count_leaf_bytes: how many bytes of leaf hashes a tree holds.
-- $1 organization_id uuid
SELECT coalesce(sum(length(hashes)), 0)
  FROM proof.tiles
 WHERE organization_id = $1
   AND level = 0
