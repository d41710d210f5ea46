-- add_membership_periods: add membership periods, open or ended, one element of each array per period.
-- $1 organization_id uuid
-- $2 group_ids uuid[]
-- $3 member_ids uuid[]
-- $4 member_types text[]
-- $5 from_positions bigint[]
-- $6 from_at timestamptz[]
-- $7 to_positions bigint[]
-- $8 to_at timestamptz[]
INSERT INTO membership_periods
       (organization_id, group_id, member_id, member_type,
        from_position, from_at, to_position, to_at)
SELECT $1, group_id, member_id, member_type, from_position, from_at, to_position, to_at
  FROM unnest($2::uuid[], $3::uuid[], $4::text[],
              $5::bigint[], $6::timestamptz[], $7::bigint[], $8::timestamptz[])
       AS periods (group_id, member_id, member_type, from_position, from_at, to_position, to_at)
