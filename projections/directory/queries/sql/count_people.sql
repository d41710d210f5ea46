-- count_people: how many users a list shows, counted up to a limit.
-- $1 organization_id uuid
-- $2 begin text: what userName or displayName begins with, folded; NULL for all
-- $3 active boolean: NULL for all
-- $4 role_id uuid: NULL for all
-- $5 origin text: scim, manual or linked; NULL for all
-- $6 begin text: what the department begins with, in lower case; NULL for all
-- $7 group_id uuid: its members; NULL for all
-- $8 limit bigint
SELECT count(*)
  FROM (SELECT
          FROM directory.users
         WHERE organization_id = $1
           AND kind <> 'unlisted account'
           AND ($2::text IS NULL OR starts_with(user_name_key, $2) OR starts_with(display_name_key, $2))
           AND ($3::boolean IS NULL OR active = $3)
           AND ($4::uuid IS NULL OR role_id = $4)
           AND ($5::text IS NULL OR $5 = CASE WHEN origin = 'scim' THEN 'scim' WHEN external_id IS NULL THEN 'manual' ELSE 'linked' END)
           AND ($6::text IS NULL
                OR starts_with(lower(coalesce(document->'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'->>'department', '')), $6))
           AND ($7::uuid IS NULL OR EXISTS (
                   SELECT FROM directory.memberships
                    WHERE memberships.organization_id = $1
                      AND memberships.group_id = $7
                      AND memberships.member_id = users.id))
         LIMIT $8) AS shown
