-- save_tiles: add or overwrite tiles.
-- $1 organization_id uuid
-- $2 levels smallint[]: one element per tile
-- $3 tiles bigint[]
-- $4 hashes bytea[]
INSERT INTO proof.tiles (organization_id, level, tile, hashes)
SELECT $1, level, tile, hashes
  FROM unnest($2::smallint[], $3::bigint[], $4::bytea[]) AS touched (level, tile, hashes)
    ON CONFLICT ON CONSTRAINT tiles_pkey
    DO UPDATE
   SET hashes = excluded.hashes
