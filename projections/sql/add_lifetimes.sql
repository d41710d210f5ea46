-- add_lifetimes: add lifetimes, lasting or ended, one element of each array per resource.
-- $1 organization_id uuid
-- $2 resource_ids uuid[]
-- $3 resource_types text[]
-- $4 from_positions bigint[]
-- $5 from_at timestamptz[]
-- $6 to_positions bigint[]
-- $7 to_at timestamptz[]
INSERT INTO lifetimes
       (organization_id, resource_id, resource_type, from_position, from_at, to_position, to_at)
SELECT $1, resource_id, resource_type, from_position, from_at, to_position, to_at
  FROM unnest($2::uuid[], $3::text[],
              $4::bigint[], $5::timestamptz[], $6::bigint[], $7::timestamptz[])
       AS lives (resource_id, resource_type, from_position, from_at, to_position, to_at)
