-- delete_users: take users out of the directory and remember them as former ones.
-- $1 organization_id uuid
-- $2 ids uuid[]
  WITH gone AS (
       DELETE FROM directory.users
        WHERE organization_id = $1
          AND id = ANY($2::uuid[])
    RETURNING organization_id, id, user_name_key, external_id)
INSERT INTO directory.former_users (organization_id, id, user_name_key, external_id)
SELECT organization_id, id, user_name_key, external_id
  FROM gone
