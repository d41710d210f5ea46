-- save_organization: insert or overwrite an organization. Error unique_violation: another one has its name. Organizations
-- share no lock, so that the index decides; it reports nothing that Postgres would log.
-- $1 organization_id uuid
-- $2 version bigint
-- $3 created_at timestamptz
-- $4 name text
-- $5 name_key text
-- $6 roles json
-- $7 schemas json
-- $8 settings json
-- $9 suspended_at timestamptz
-- $10 suspension_reason text
-- $11 role_groups json
WITH added AS (
    INSERT INTO directory.organizations
           (organization_id, version, created_at, name, name_key, roles, schemas, settings,
            suspended_at, suspension_reason, role_groups)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT DO NOTHING
    RETURNING 1
), changed AS (
    UPDATE directory.organizations
       SET version = $2,
           name = $4,
           name_key = $5,
           roles = $6,
           schemas = $7,
           settings = $8,
           suspended_at = $9,
           suspension_reason = $10,
           role_groups = $11
     WHERE organization_id = $1
       AND NOT EXISTS (SELECT
                         FROM directory.organizations AS holders
                        WHERE holders.name_key = $5
                          AND holders.organization_id <> $1)
    RETURNING 1
)
SELECT projections.refuse_taken('organizations_one_per_name')
 WHERE NOT EXISTS (SELECT FROM added)
   AND NOT EXISTS (SELECT FROM changed)
