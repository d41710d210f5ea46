-- copy_user_versions: begin the versions of users after one event each, as the directory has them, and end the versions that were
-- open before. A user whom the directory has at another version by now is left out. Returns the others' ids.
-- The subquery on ended makes Postgres end a version before the next one begins: only one of a user may be open.
-- $1 organization_id uuid
-- $2 ids uuid[]
-- $3 versions bigint[]
-- $4 positions bigint[]
-- $5 recorded_at timestamptz[]
WITH present AS MATERIALIZED (
    SELECT users.*, changed.position, changed.recorded_at
      FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::timestamptz[])
           AS changed (id, version, position, recorded_at)
      JOIN directory.users
        ON users.organization_id = $1
       AND users.id = changed.id
       AND users.version = changed.version
), ended AS (
    UPDATE user_versions
       SET to_position = present.position,
           to_at = present.recorded_at
      FROM present
     WHERE user_versions.organization_id = $1
       AND user_versions.id = present.id
       AND user_versions.to_position IS NULL
    RETURNING user_versions.id
)
INSERT INTO user_versions
       (organization_id, id, version, created_at, modified_at, origin, active, role_id, user_name_key, external_id,
        display_name_key, employee_number_key, email_keys, document, search, kind, explicit_role_id, role_group_id,
        from_position, from_at)
SELECT organization_id, id, version, created_at, modified_at, origin, active, role_id, user_name_key, external_id,
       display_name_key, employee_number_key, email_keys, document, search, kind, explicit_role_id, role_group_id,
       position, recorded_at
  FROM present
 WHERE version = 1
    OR id IN (SELECT id FROM ended)
RETURNING id
