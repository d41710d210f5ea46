-- list_people_at: users as they were at a position of the log, in the order of their userNames, after one of them.
-- $1 organization_id uuid
-- $2 position bigint
-- $3 after text: the folded userName that the page begins after; NULL for the first page
-- $4 begin text: what userName or displayName begins with, folded; NULL for all
-- $5 active boolean: NULL for all
-- $6 role_id uuid: NULL for all
-- $7 origin text: scim, manual or linked; NULL for all
-- $8 begin text: what the department begins with, in lower case; NULL for all
-- $9 group_id uuid: its members; NULL for all
-- $10 limit bigint
SELECT id, version, created_at, modified_at, origin, active, role_id, user_name_key, document
  FROM versions.user_versions
 WHERE organization_id = $1
   AND from_position <= $2
   AND (to_position IS NULL OR to_position > $2)
   AND ($3::text IS NULL OR user_name_key > $3)
   AND ($4::text IS NULL OR starts_with(user_name_key, $4) OR starts_with(display_name_key, $4))
   AND ($5::boolean IS NULL OR active = $5)
   AND ($6::uuid IS NULL OR role_id = $6)
   AND ($7::text IS NULL OR $7 = CASE WHEN origin = 'scim' THEN 'scim' WHEN external_id IS NULL THEN 'manual' ELSE 'linked' END)
   AND ($8::text IS NULL
        OR starts_with(lower(coalesce(document->'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'->>'department', '')), $8))
   AND ($9::uuid IS NULL OR EXISTS (
           SELECT FROM history.membership_periods AS periods
            WHERE periods.organization_id = $1
              AND periods.group_id = $9
              AND periods.member_id = user_versions.id
              AND periods.from_position <= $2
              AND (periods.to_position IS NULL OR periods.to_position > $2)))
   AND kind <> 'unlisted account'
 ORDER BY user_name_key
 LIMIT $10
