-- read_membership_changes: who is in groups at one of two positions of the log and not at the other.
-- $1 organization_id uuid
-- $2 group_ids uuid[]
-- $3 before bigint: a position
-- $4 position bigint: a later one
SELECT group_id, member_id, bool_or(from_position > $3) AS has_joined
  FROM history.membership_periods
 WHERE organization_id = $1
   AND group_id = ANY($2::uuid[])
   AND (from_position > $3 OR to_position <= $4)
   AND from_position <= $4
   AND (to_position IS NULL OR to_position > $3)
   AND (from_position <= $3 OR to_position IS NULL OR to_position > $4)
 GROUP BY group_id, member_id
HAVING count(*) = 1
 ORDER BY group_id, member_id
