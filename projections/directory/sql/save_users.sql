-- save_users: insert or overwrite users. One element of each array per user. Error unique_violation: another user
-- holds a userName. No index reports that, because Postgres would log the name: each holder is looked up first, under
-- the lock of the log, which everybody holds who writes these rows.
-- $1 organization_id uuid
-- $2 ids uuid[]
-- $3 versions bigint[]
-- $4 created_at timestamptz[]
-- $5 modified_at timestamptz[]
-- $6 origins text[]
-- $7 active boolean[]
-- $8 role_ids uuid[]
-- $9 user_name_keys text[]
-- $10 external_ids text[]
-- $11 display_name_keys text[]
-- $12 employee_number_keys text[]
-- $13 email_keys text[]: each a JSON list of texts, because arrays of arrays must be rectangular
-- $14 documents json[]
-- $15 searches jsonb[]
-- $16 kinds text[]
-- $17 explicit_role_ids uuid[]
-- $18 role_group_ids uuid[]
WITH saved AS (
INSERT INTO directory.users
       (organization_id, id, version, created_at, modified_at, origin, active, role_id,
        user_name_key, external_id, display_name_key, employee_number_key, email_keys, document, search,
        kind, explicit_role_id, role_group_id)
SELECT $1, id, version, created_at, modified_at, origin, active, role_id,
       user_name_key, external_id, display_name_key, employee_number_key,
       ARRAY(SELECT json_array_elements_text(email_keys)), document, search, kind,
       explicit_role_id, role_group_id
  FROM unnest($2::uuid[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::text[],
              $7::boolean[], $8::uuid[], $9::text[], $10::text[], $11::text[], $12::text[],
              $13::json[], $14::json[], $15::jsonb[], $16::text[], $17::uuid[], $18::uuid[])
       AS rows (id, version, created_at, modified_at, origin, active, role_id, user_name_key,
                external_id, display_name_key, employee_number_key, email_keys, document, search, kind,
                explicit_role_id, role_group_id)
 WHERE coalesce((SELECT holders.id
                   FROM directory.users AS holders
                  WHERE holders.organization_id = $1
                    AND holders.user_name_key = rows.user_name_key), rows.id) = rows.id
    ON CONFLICT ON CONSTRAINT users_pkey
    DO UPDATE
   SET version = excluded.version,
       modified_at = excluded.modified_at,
       active = excluded.active,
       role_id = excluded.role_id,
       user_name_key = excluded.user_name_key,
       external_id = excluded.external_id,
       display_name_key = excluded.display_name_key,
       employee_number_key = excluded.employee_number_key,
       email_keys = excluded.email_keys,
       document = excluded.document,
       search = excluded.search,
       kind = excluded.kind,
       explicit_role_id = excluded.explicit_role_id,
       role_group_id = excluded.role_group_id
RETURNING 1
)
SELECT projections.refuse_taken('users_one_per_user_name')
 WHERE (SELECT count(*) FROM saved) < cardinality($2::uuid[])
