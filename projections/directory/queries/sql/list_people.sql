-- list_people: users in the order of their userNames, after one of them.
-- $1 organization_id uuid
-- $2 after text: the folded userName that the page begins after; NULL for the first page
-- $3 begin text: what userName or displayName begins with, folded; NULL for all
-- $4 active boolean: NULL for all
-- $5 role_id uuid: NULL for all
-- $6 origin text: scim, manual or linked; NULL for all
-- $7 begin text: what the department begins with, in lower case; NULL for all
-- $8 group_id uuid: its members; NULL for all
-- $9 limit bigint
SELECT id, version, created_at, modified_at, origin, active, role_id, user_name_key, document
  FROM directory.users
 WHERE organization_id = $1
   AND kind <> 'unlisted account'
   AND ($2::text IS NULL OR user_name_key > $2)
   AND ($3::text IS NULL OR starts_with(user_name_key, $3) OR starts_with(display_name_key, $3))
   AND ($4::boolean IS NULL OR active = $4)
   AND ($5::uuid IS NULL OR role_id = $5)
   AND ($6::text IS NULL OR $6 = CASE WHEN origin = 'scim' THEN 'scim' WHEN external_id IS NULL THEN 'manual' ELSE 'linked' END)
   AND ($7::text IS NULL
        OR starts_with(lower(coalesce(document->'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'->>'department', '')), $7))
   AND ($8::uuid IS NULL OR EXISTS (
           SELECT FROM directory.memberships
            WHERE memberships.organization_id = $1
              AND memberships.group_id = $8
              AND memberships.member_id = users.id))
 ORDER BY user_name_key
 LIMIT $9
