-- other_users: users whose documents have characters beyond ASCII, with all that was folded of them.
SELECT id, version, created_at, modified_at, origin, active, role_id, document, kind, organization_id,
       explicit_role_id, role_group_id,
       user_name_key, display_name_key, employee_number_key, email_keys, search
  FROM users
 WHERE octet_length(document::text) <> char_length(document::text)
