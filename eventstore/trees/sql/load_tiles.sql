-- load_tiles: some tiles of a tree.
-- $1 organization_id uuid
-- $2 levels smallint[]: one element per tile
-- $3 tiles bigint[]
SELECT tiles.level, tiles.tile, tiles.hashes
  FROM unnest($2::smallint[], $3::bigint[]) AS wanted (level, tile)
  JOIN proof.tiles
    ON tiles.organization_id = $1
   AND tiles.level = wanted.level
   AND tiles.tile = wanted.tile
