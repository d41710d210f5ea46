-- list_people_at: users as they were at a position of the log, in the order of their userNames, after one of them.
-- $1 organization_id uuid
-- $2 position bigint
-- $3 after text: the folded userName that the page begins after; NULL for the first page
-- $4 begin text: what userName or displayName begins with, folded; NULL for all
-- $5 active boolean: NULL for all
-- $6 role_id uuid: NULL for all
-- $7 limit bigint
SELECT id, version, created_at, modified_at, origin, active, role_id, user_name_key, document
  FROM versions.user_versions
 WHERE organization_id = $1
   AND from_position <= $2
   AND (to_position IS NULL OR to_position > $2)
   AND ($3::text IS NULL OR user_name_key > $3)
   AND ($4::text IS NULL OR starts_with(user_name_key, $4) OR starts_with(display_name_key, $4))
   AND ($5::boolean IS NULL OR active = $5)
   AND ($6::uuid IS NULL OR role_id = $6)
   AND kind <> 'unlisted account'
 ORDER BY user_name_key
 LIMIT $7
