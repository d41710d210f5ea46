-- in_group: a condition: a user is a member of a group. `value` is the id of the group.
EXISTS (
           SELECT FROM directory.memberships
            WHERE memberships.organization_id = $1
              AND memberships.group_id = {value}
              AND memberships.member_id = users.id)
