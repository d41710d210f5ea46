-- save_reached: record the position up to which a schema contains some logs. One element of each array per
-- organization.
-- $1 schema_name text
-- $2 organization_ids uuid[]
-- $3 positions bigint[]
INSERT INTO projections.reached (schema_name, organization_id, position)
SELECT $1, organization_id, "position"
  FROM unnest($2::uuid[], $3::bigint[]) AS now (organization_id, "position")
    ON CONFLICT ON CONSTRAINT reached_pkey
    DO UPDATE
   SET position = excluded.position
