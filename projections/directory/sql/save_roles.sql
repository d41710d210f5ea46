-- save_roles: overwrite the roles of users. One element of each array per user.
-- $1 organization_id uuid
-- $2 ids uuid[]
-- $3 versions bigint[]
-- $4 modified_at timestamptz[]
-- $5 role_ids uuid[]
-- $6 explicit_role_ids uuid[]
-- $7 role_group_ids uuid[]
-- $8 tails text[]: what a document ends with, all of one length
UPDATE directory.users
   SET version = rows.version,
       modified_at = rows.modified_at,
       role_id = rows.role_id,
       explicit_role_id = rows.explicit_role_id,
       role_group_id = rows.role_group_id,
       document = (left(users.document::text, -length(rows.tail)) || rows.tail)::json
  FROM unnest($2::uuid[], $3::bigint[], $4::timestamptz[], $5::uuid[], $6::uuid[], $7::uuid[], $8::text[])
       AS rows (id, version, modified_at, role_id, explicit_role_id, role_group_id, tail)
 WHERE users.organization_id = $1
   AND users.id = rows.id
