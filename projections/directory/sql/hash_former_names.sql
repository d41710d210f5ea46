-- hash_former_names: replace names of former users by hashes. One element of each array per user.
-- $1 organization_ids uuid[]
-- $2 ids uuid[]
-- $3 user_names text[]: as they were read
-- $4 user_name_hashes text[]
-- $5 external_id_hashes text[]
UPDATE former_users
   SET user_name_key = hashed.user_name_hash,
       external_id = hashed.external_id_hash
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[])
       AS hashed (hashed_organization_id, hashed_id, user_name, user_name_hash, external_id_hash)
 WHERE organization_id = hashed.hashed_organization_id
   AND id = hashed.hashed_id
   AND user_name_key = hashed.user_name
