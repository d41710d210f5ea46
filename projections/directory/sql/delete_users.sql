-- delete_users: delete users, and remember them as former users.
-- $1 organization_id uuid
-- $2 ids uuid[]
-- $3 user_name_keys text[]
-- $4 external_ids text[]
  WITH gone AS (
       DELETE FROM directory.users
        WHERE organization_id = $1
          AND id = ANY($2::uuid[]))
INSERT INTO directory.former_users (organization_id, id, user_name_key, external_id)
SELECT $1, id, user_name_key, external_id
  FROM unnest($2::uuid[], $3::text[], $4::text[]) AS rows (id, user_name_key, external_id)
