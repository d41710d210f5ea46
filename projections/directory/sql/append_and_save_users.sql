-- append_and_save_users: append events, add the keys of their new subjects, save the users that the events lead to, and add
-- the losses of access among them, as append_events, save_users and add_losses do, in one transaction. Error unique_violation:
-- another user holds a userName, or a name that was not looked for is one of a deleted user. Error lock_not_available: another transaction has the log's lock,
-- or has moved the tail.
-- Postgres always runs the INSERTs and the outer SELECT to the end, even if one of them has no rows.
-- The INSERTs see nothing of what the function writes, and do not need to.
-- $1 organization_id uuid
-- $2 positions bigint[]
-- $3 stream_ids uuid[]
-- $4 versions bigint[]
-- $5 event_ids uuid[]
-- $6 types text[]
-- $7 schema_versions smallint[]
-- $8 recorded_at timestamptz[]
-- $9 actor_ids text[]
-- $10 token_ids uuid[]
-- $11 request_ids uuid[]
-- $12 sources text[]
-- $13 data text[]
-- $14 sealed bytea[]
-- $15 subject_ids uuid[]
-- $16 marks bytea[]: NULL for an event without one
-- $17 new_subject_ids uuid[]
-- $18 new_wrapped_keys bytea[]: one element per new subject
-- $19 ids uuid[]: from here on one element per user
-- $20 versions bigint[]
-- $21 created_at timestamptz[]
-- $22 modified_at timestamptz[]
-- $23 origins text[]
-- $24 active boolean[]
-- $25 role_ids uuid[]
-- $26 user_name_keys text[]
-- $27 external_ids text[]
-- $28 display_name_keys text[]
-- $29 employee_number_keys text[]
-- $30 email_keys text[]: each a JSON list of texts, because arrays of arrays must be rectangular
-- $31 documents json[]
-- $32 searches jsonb[]
-- $33 kinds text[]
-- $34 explicit_role_ids uuid[]
-- $35 role_group_ids uuid[]
-- $36 loss_stream_ids uuid[]: from here on one element per loss
-- $37 loss_positions bigint[]
-- $38 loss_user_ids uuid[]
-- $39 loss_kinds text[]
-- $40 lost_at timestamptz[]
-- $41 user_name_hashes text[]: of names that nobody has looked for among deleted users
-- $42 external_id_hashes text[]
WITH locked AS MATERIALIZED (
    SELECT eventstore.try_lock_log($1, 'directory.users'::regclass, 'directory', 'users', ($2::bigint[])[1] - 1)
), held AS MATERIALIZED (
    SELECT FROM directory.former_users
     WHERE organization_id = $1
       AND user_name_key = ANY($41::text[])
     UNION ALL
    SELECT FROM directory.former_users
     WHERE organization_id = $1
       AND external_id = ANY($42::text[])
     UNION ALL
    SELECT
     WHERE cardinality($41::text[]) > 0
       AND NOT EXISTS (SELECT FROM directory.organizations WHERE organization_id = $1)
), saved AS (
    INSERT INTO directory.users
           (organization_id, id, version, created_at, modified_at, origin, active, role_id,
            user_name_key, external_id, display_name_key, employee_number_key, email_keys, document, search,
            kind, explicit_role_id, role_group_id)
    SELECT $1, id, version, created_at, modified_at, origin, active, role_id,
           user_name_key, external_id, display_name_key, employee_number_key,
           ARRAY(SELECT json_array_elements_text(email_keys)), document, search, kind,
           explicit_role_id, role_group_id
      FROM locked,
           unnest($19::uuid[], $20::bigint[], $21::timestamptz[], $22::timestamptz[], $23::text[],
                  $24::boolean[], $25::uuid[], $26::text[], $27::text[], $28::text[], $29::text[],
                  $30::json[], $31::json[], $32::jsonb[], $33::text[], $34::uuid[], $35::uuid[])
           AS rows (id, version, created_at, modified_at, origin, active, role_id, user_name_key,
                    external_id, display_name_key, employee_number_key, email_keys, document, search, kind,
                    explicit_role_id, role_group_id)
     WHERE coalesce((SELECT holders.id
                       FROM directory.users AS holders
                      WHERE holders.organization_id = $1
                        AND holders.user_name_key = rows.user_name_key), rows.id) = rows.id
       AND NOT EXISTS (SELECT FROM held)
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
), lost AS (
    INSERT INTO directory.losses (organization_id, stream_id, position, user_id, kind, recorded_at)
    SELECT $1, stream_id, "position", user_id, kind, recorded_at
      FROM locked,
           unnest($36::uuid[], $37::bigint[], $38::uuid[], $39::text[], $40::timestamptz[])
           AS rows (stream_id, "position", user_id, kind, recorded_at)
)
SELECT CASE WHEN (SELECT count(*) FROM saved) < cardinality($19::uuid[])
            THEN projections.refuse_taken('users_one_per_user_name')
            ELSE eventstore.append_events(ARRAY[$1::uuid], array_fill($1::uuid, ARRAY[cardinality($2::bigint[])]), $2, $3, $4, $5, $6, $7,
                                          $8, $9, $10, $11, $12, $13, $14, $15, $16,
                                          array_fill($1::uuid, ARRAY[cardinality($17::uuid[])]), $17, $18)
        END
  FROM locked
