-- 0007: what a projection was built by is a revision, which its code declares, and no longer a digest of that code.
-- A digest changed with every comment and every file that moved, and asked each installation for a rebuild.

ALTER TABLE projections.builds
    ADD COLUMN revision integer,         -- NULL: a release built it that had no revisions.
    ALTER COLUMN digest SET DEFAULT '';  -- Only a service of such a release, which still runs, reads it.

-- The last release without revisions made the same tables and rows as revision 1. Its digests, which no other code has:
UPDATE projections.builds
   SET revision = 1
 WHERE digest IN ('bc1ac5e0087dff1d21f0b40f5a3cfa3fe980f46f54d945e239da3c563ac8cb44',   -- directory
                  '5aea92e41cf6d35783a69d4fd6e85966f4dd3f4201ab53cd66275a267f0abc7c');  -- history
