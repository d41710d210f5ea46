-- find_user_names: which users hold or held these names, as (name, hash, id, kind), oldest first.
-- kind is user; or for deleted users, of whose names there are hashes only, former (by userName) or former external
-- (by externalId).
-- $1 organization_id uuid
-- $2 user_name_keys text[]
-- $3 user_name_hashes bytea[]
-- $4 external_id_hashes bytea[]
  SELECT user_name_key AS name, NULL::bytea AS hash, id, 'user' AS kind
    FROM directory.users
   WHERE organization_id = $1
     AND user_name_key = ANY($2::text[])
   UNION ALL
  SELECT NULL, user_name_hash, id, 'former'
    FROM directory.former_users
   WHERE organization_id = $1
     AND user_name_hash = ANY($3::bytea[])
   UNION ALL
  SELECT NULL, external_id_hash, id, 'former external'
    FROM directory.former_users
   WHERE organization_id = $1
     AND external_id_hash = ANY($4::bytea[])
ORDER BY id
