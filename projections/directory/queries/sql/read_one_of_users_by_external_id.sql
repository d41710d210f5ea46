-- read_one_of_users_by_external_id: the same as read_users_by_external_id, for one key.
-- $1 organization_id uuid
-- $2 key text
SELECT external_id AS key, id, version, created_at, modified_at, document,
       (SELECT json_agg(json_build_array(groups.id, groups.document->>'displayName') ORDER BY groups.id)::text
          FROM directory.memberships
          JOIN directory.groups
            ON groups.organization_id = $1
           AND groups.id = memberships.group_id
         WHERE memberships.organization_id = $1
           AND memberships.member_id = users.id) AS related
  FROM directory.users
 WHERE organization_id = $1
   AND external_id = $2
   AND kind <> 'unlisted account'
