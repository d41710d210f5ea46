-- drop_tiles: remove all tiles of a tree. Only the owner of the tables may do that.
-- $1 organization_id uuid
DELETE FROM proof.tiles
 WHERE organization_id = $1
