-- end_user_versions: end the open versions of users. Returns one row for each that was open.
-- $1 organization_id uuid
-- $2 ids uuid[]
-- $3 to_positions bigint[]
-- $4 to_at timestamptz[]
UPDATE user_versions
   SET to_position = ended.to_position,
       to_at = ended.to_at
  FROM unnest($2::uuid[], $3::bigint[], $4::timestamptz[])
       AS ended (id, to_position, to_at)
 WHERE user_versions.organization_id = $1
   AND user_versions.id = ended.id
   AND user_versions.to_position IS NULL
RETURNING user_versions.id
