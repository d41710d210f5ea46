-- users_at: users as they were at a position of the log, with the columns of directory.users. The caller chooses the organization.
-- position: a number
SELECT organization_id, id, version, created_at, modified_at, origin, active, role_id, user_name_key, external_id,
       display_name_key, employee_number_key, email_keys, document, search, kind,
       explicit_role_id, role_group_id
  FROM versions.user_versions
 WHERE from_position <= {position}
   AND (to_position IS NULL OR to_position > {position})
