-- list_groups_in_group: groups that are members of a group, in the order of their displayNames.
-- $1 organization_id uuid
-- $2 group_id uuid
-- $3 limit bigint
SELECT groups.id, groups.document->>'displayName' AS display_name
  FROM directory.memberships
  JOIN directory.groups
    ON groups.organization_id = $1
   AND groups.id = memberships.member_id
 WHERE memberships.organization_id = $1
   AND memberships.group_id = $2
   AND memberships.member_type = 'Group'
 ORDER BY groups.display_name_key
 LIMIT $3
