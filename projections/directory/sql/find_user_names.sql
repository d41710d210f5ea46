-- find_user_names: which users hold or held these names, as (name, id, kind), oldest first; and the organization itself,
-- unless the directory no longer has it.
-- kind is organization or user; or for deleted users, of whose names there are only hashes, former (by userName) or former external
-- (by externalId).
-- $1 organization_id uuid
-- $2 user_name_keys text[]
-- $3 user_name_hashes text[]
-- $4 external_id_hashes text[]
  SELECT user_name_key AS name, id, 'user' AS kind
    FROM directory.users
   WHERE organization_id = $1
     AND user_name_key = ANY($2::text[])
   UNION ALL
  SELECT user_name_key AS name, id, 'former' AS kind
    FROM directory.former_users
   WHERE organization_id = $1
     AND user_name_key = ANY($3::text[])
   UNION ALL
  SELECT external_id AS name, id, 'former external' AS kind
    FROM directory.former_users
   WHERE organization_id = $1
     AND external_id = ANY($4::text[])
   UNION ALL
  SELECT name, organization_id, 'organization' AS kind
    FROM directory.organizations
   WHERE organization_id = $1
ORDER BY id
