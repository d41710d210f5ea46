-- read_one_of_users_by_user_name: the same as read_users_by_user_name, for one key.
-- $1 organization_id uuid
-- $2 key text
SELECT user_name_key AS key, id, version, created_at, modified_at, document,
       (SELECT json_agg(json_build_array(groups.id, groups.document->>'displayName') ORDER BY groups.id)::text
          FROM directory.memberships
          JOIN directory.groups
            ON groups.organization_id = $1
           AND groups.id = memberships.group_id
         WHERE memberships.organization_id = $1
           AND memberships.member_id = users.id) AS related
  FROM directory.users
 WHERE organization_id = $1
   AND user_name_key = $2
