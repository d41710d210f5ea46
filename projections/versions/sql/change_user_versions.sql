-- change_user_versions: replace what versions of users hold.
-- $1 organization_id uuid
-- $2 ids uuid[]
-- $3 from_positions bigint[]
-- $4 documents text[]
-- $5 searches text[]
UPDATE user_versions
   SET document = changed.document::json,
       search = changed.search::jsonb
  FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[])
       AS changed (id, from_position, document, search)
 WHERE user_versions.organization_id = $1
   AND user_versions.id = changed.id
   AND user_versions.from_position = changed.from_position
