-- memberships_at: memberships as they were at a position of the log, with the columns of directory.memberships. The caller chooses the organization.
-- position: a number
SELECT organization_id, group_id, member_id, member_type
  FROM history.membership_periods
 WHERE from_position <= {position}
   AND (to_position IS NULL OR to_position > {position})
