-- end_lifetimes: end the lifetimes of users and groups. Returns one row for each that existed.
-- $1 organization_id uuid
-- $2 resource_ids uuid[]
-- $3 to_positions bigint[]
-- $4 to_at timestamptz[]
UPDATE lifetimes
   SET to_position = ended.to_position,
       to_at = ended.to_at
  FROM unnest($2::uuid[], $3::bigint[], $4::timestamptz[])
       AS ended (resource_id, to_position, to_at)
 WHERE lifetimes.organization_id = $1
   AND lifetimes.resource_id = ended.resource_id
   AND lifetimes.to_position IS NULL
RETURNING lifetimes.resource_id
