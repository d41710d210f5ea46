-- find_former_names: former users with a name that is not hashed.
-- $1 hash text: the regular expression of a hash
-- $2 limit bigint
SELECT organization_id, id, user_name_key, external_id
  FROM former_users
 WHERE user_name_key !~ $1
    OR external_id !~ $1
 LIMIT $2
