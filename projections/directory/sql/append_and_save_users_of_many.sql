-- append_and_save_users_of_many: what append_and_save_users does, for several organizations at once, as (organization_id, answer).
-- One that cannot be written is left out and does not keep the others back: the answer is locked where another
-- transaction has the log's lock or has moved the tail, taken where another user holds a name or a name that was not looked
-- for is one of a deleted user, else written.
-- Any other error is one of all: then nothing is written.
-- $1 logs uuid[]: each organization once
-- $2 tails bigint[]: where each log ends
-- $3 organization_ids uuid[]: from here on one element per event
-- $4 positions bigint[]
-- $5 stream_ids uuid[]
-- $6 versions bigint[]
-- $7 event_ids uuid[]
-- $8 types text[]
-- $9 schema_versions smallint[]
-- $10 recorded_at timestamptz[]
-- $11 actor_ids text[]
-- $12 token_ids uuid[]
-- $13 request_ids uuid[]
-- $14 sources text[]
-- $15 data text[]
-- $16 sealed bytea[]
-- $17 subject_ids uuid[]
-- $18 marks bytea[]: NULL for an event without one
-- $19 new_subject_organization_ids uuid[]: from here on one element per new subject
-- $20 new_subject_ids uuid[]
-- $21 new_wrapped_keys bytea[]
-- $22 user_organization_ids uuid[]: from here on one element per user
-- $23 ids uuid[]
-- $24 versions bigint[]
-- $25 created_at timestamptz[]
-- $26 modified_at timestamptz[]
-- $27 origins text[]
-- $28 active boolean[]
-- $29 role_ids uuid[]
-- $30 user_name_keys text[]
-- $31 external_ids text[]
-- $32 display_name_keys text[]
-- $33 employee_number_keys text[]
-- $34 email_keys text[]: each a JSON list of texts, because arrays of arrays must be rectangular
-- $35 documents json[]
-- $36 searches jsonb[]
-- $37 kinds text[]
-- $38 explicit_role_ids uuid[]
-- $39 role_group_ids uuid[]
-- $40 loss_organization_ids uuid[]: from here on one element per loss
-- $41 loss_stream_ids uuid[]
-- $42 loss_positions bigint[]
-- $43 loss_user_ids uuid[]
-- $44 loss_kinds text[]
-- $45 lost_at timestamptz[]
-- $46 name_organization_ids uuid[]: from here on one element per name that nobody has looked for among deleted users
-- $47 user_name_hashes text[]
-- $48 external_organization_ids uuid[]
-- $49 external_id_hashes text[]
WITH tried AS MATERIALIZED (
    SELECT organization_id,
           eventstore.can_lock_log(organization_id, 'directory.users'::regclass, 'directory', 'users', tail) AS is_locked
      FROM unnest($1::uuid[], $2::bigint[]) AS logs (organization_id, tail)
), rows AS MATERIALIZED (
    SELECT *
      FROM unnest($22::uuid[], $23::uuid[], $24::bigint[], $25::timestamptz[], $26::timestamptz[], $27::text[],
                  $28::boolean[], $29::uuid[], $30::text[], $31::text[], $32::text[], $33::text[],
                  $34::json[], $35::json[], $36::jsonb[], $37::text[], $38::uuid[], $39::uuid[])
           AS rows (organization_id, id, version, created_at, modified_at, origin, active, role_id, user_name_key,
                    external_id, display_name_key, employee_number_key, email_keys, document, search, kind,
                    explicit_role_id, role_group_id)
), taken AS MATERIALIZED (
    SELECT rows.organization_id
      FROM rows
     WHERE (SELECT holders.id
              FROM directory.users AS holders
             WHERE holders.organization_id = rows.organization_id
               AND holders.user_name_key = rows.user_name_key) <> rows.id
     UNION ALL
    SELECT names.organization_id
      FROM unnest($46::uuid[], $47::text[]) AS names (organization_id, user_name_key)
     WHERE EXISTS (SELECT
                     FROM directory.former_users
                    WHERE former_users.organization_id = names.organization_id
                      AND former_users.user_name_key = names.user_name_key)
        OR NOT EXISTS (SELECT
                         FROM directory.organizations
                        WHERE organizations.organization_id = names.organization_id)
     UNION ALL
    SELECT names.organization_id
      FROM unnest($48::uuid[], $49::text[]) AS names (organization_id, external_id)
     WHERE EXISTS (SELECT
                     FROM directory.former_users
                    WHERE former_users.organization_id = names.organization_id
                      AND former_users.external_id = names.external_id)
), accepted AS MATERIALIZED (
    SELECT organization_id
      FROM tried
     WHERE is_locked
       AND organization_id NOT IN (SELECT organization_id FROM taken)
), saved AS (
    INSERT INTO directory.users
           (organization_id, id, version, created_at, modified_at, origin, active, role_id,
            user_name_key, external_id, display_name_key, employee_number_key, email_keys, document, search,
            kind, explicit_role_id, role_group_id)
    SELECT organization_id, id, version, created_at, modified_at, origin, active, role_id,
           user_name_key, external_id, display_name_key, employee_number_key,
           ARRAY(SELECT json_array_elements_text(email_keys)), document, search, kind,
           explicit_role_id, role_group_id
      FROM rows
     WHERE organization_id IN (SELECT organization_id FROM accepted)
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
), lost AS (
    INSERT INTO directory.losses (organization_id, stream_id, position, user_id, kind, recorded_at)
    SELECT organization_id, stream_id, "position", user_id, kind, recorded_at
      FROM unnest($40::uuid[], $41::uuid[], $42::bigint[], $43::uuid[], $44::text[], $45::timestamptz[])
           AS rows (organization_id, stream_id, "position", user_id, kind, recorded_at)
     WHERE organization_id IN (SELECT organization_id FROM accepted)
), appended AS MATERIALIZED (
    SELECT eventstore.append_events(ARRAY(SELECT organization_id FROM accepted), $3, $4, $5, $6, $7, $8, $9, $10, $11,
                                    $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
)
SELECT organization_id,
       CASE WHEN NOT is_locked THEN 'locked'
            WHEN organization_id IN (SELECT organization_id FROM accepted) THEN 'written'
            ELSE 'taken'
       END AS answer
  FROM tried
 WHERE (SELECT count(*) FROM appended) = 1
