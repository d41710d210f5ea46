-- name_at: what users and groups were called at a position of the log, by id. Who did not exist then, or was erased
-- since, has no row.
-- $1 organization_id uuid
-- $2 ids uuid[]
-- $3 position bigint
SELECT id, document->>'userName' AS user_name, document->>'displayName' AS display_name
  FROM versions.user_versions
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
   AND from_position <= $3
   AND (to_position IS NULL OR to_position > $3)
 UNION ALL
SELECT id, NULL, document->>'displayName'
  FROM versions.group_versions
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
   AND from_position <= $3
   AND (to_position IS NULL OR to_position > $3)
