-- add_members: add members to groups. One element of each array per membership.
-- $1 organization_id uuid
-- $2 group_ids uuid[]
-- $3 member_ids uuid[]
-- $4 member_types text[]
INSERT INTO directory.memberships (organization_id, group_id, member_id, member_type)
SELECT $1, group_id, member_id, member_type
  FROM unnest($2::uuid[], $3::uuid[], $4::text[]) AS rows (group_id, member_id, member_type)
