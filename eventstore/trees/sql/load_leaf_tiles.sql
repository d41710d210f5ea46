-- load_leaf_tiles: the lowest tiles of a range, in order.
-- $1 organization_id uuid
-- $2 first bigint: the number of a tile
-- $3 last bigint
SELECT tile, hashes
  FROM proof.tiles
 WHERE organization_id = $1
   AND level = 0
   AND tile BETWEEN $2 AND $3
 ORDER BY tile
