-- find_user_names_of_many: what find_user_names finds, for several organizations, as (organization_id, name, id, kind).
-- $1 organization_ids uuid[]
-- $2 user_organization_ids uuid[]: one element per name
-- $3 user_name_keys text[]
-- $4 user_name_hashes text[]: of the same names
-- $5 external_organization_ids uuid[]: one element per externalId
-- $6 external_id_hashes text[]
-- OFFSET keeps each look-up one of its own, which an index serves: as a join, Postgres may read a young table whole.
  SELECT organization_id, user_name_key AS name, found.id, 'user' AS kind
    FROM unnest($2::uuid[], $3::text[]) AS wanted (organization_id, user_name_key),
         LATERAL (SELECT users.id
                    FROM directory.users
                   WHERE users.organization_id = wanted.organization_id
                     AND users.user_name_key = wanted.user_name_key
                  OFFSET 0) AS found
   UNION ALL
  SELECT organization_id, user_name_key AS name, found.id, 'former' AS kind
    FROM unnest($2::uuid[], $4::text[]) AS wanted (organization_id, user_name_key),
         LATERAL (SELECT former_users.id
                    FROM directory.former_users
                   WHERE former_users.organization_id = wanted.organization_id
                     AND former_users.user_name_key = wanted.user_name_key
                  OFFSET 0) AS found
   UNION ALL
  SELECT organization_id, external_id AS name, found.id, 'former external' AS kind
    FROM unnest($5::uuid[], $6::text[]) AS wanted (organization_id, external_id),
         LATERAL (SELECT former_users.id
                    FROM directory.former_users
                   WHERE former_users.organization_id = wanted.organization_id
                     AND former_users.external_id = wanted.external_id
                  OFFSET 0) AS found
   UNION ALL
  SELECT organization_id, name, organization_id, 'organization' AS kind
    FROM directory.organizations
   WHERE organization_id = ANY($1::uuid[])
ORDER BY id
