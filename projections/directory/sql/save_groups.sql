-- save_groups: insert or overwrite groups. One element of each array per group. Error unique_violation: another group
-- holds a displayName. As in save_users, no index reports that.
-- $1 organization_id uuid
-- $2 ids uuid[]
-- $3 versions bigint[]
-- $4 created_at timestamptz[]
-- $5 modified_at timestamptz[]
-- $6 member_counts bigint[]
-- $7 display_name_keys text[]
-- $8 external_ids text[]
-- $9 documents json[]
-- $10 searches jsonb[]
WITH saved AS (
INSERT INTO directory.groups
       (organization_id, id, version, created_at, modified_at, member_count,
        display_name_key, external_id, document, search)
SELECT $1, id, version, created_at, modified_at, member_count,
       display_name_key, external_id, document, search
  FROM unnest($2::uuid[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::bigint[],
              $7::text[], $8::text[], $9::json[], $10::jsonb[])
       AS rows (id, version, created_at, modified_at, member_count,
                display_name_key, external_id, document, search)
 WHERE coalesce((SELECT holders.id
                   FROM directory.groups AS holders
                  WHERE holders.organization_id = $1
                    AND holders.display_name_key = rows.display_name_key), rows.id) = rows.id
    ON CONFLICT ON CONSTRAINT groups_pkey
    DO UPDATE
   SET version = excluded.version,
       modified_at = excluded.modified_at,
       member_count = excluded.member_count,
       display_name_key = excluded.display_name_key,
       external_id = excluded.external_id,
       document = excluded.document,
       search = excluded.search
RETURNING 1
)
SELECT projections.refuse_taken('groups_one_per_display_name')
 WHERE (SELECT count(*) FROM saved) < cardinality($2::uuid[])
