-- last_access_ends: when the last of account and memberships of some users ended; NULL while any of it is left.
-- $1 organization_id uuid
-- $2 user_ids uuid[]
SELECT user_id, CASE WHEN bool_and(to_at IS NOT NULL) THEN max(to_at) END AS ended_at
  FROM (SELECT user_id, to_at
          FROM history.access_periods
         WHERE organization_id = $1
           AND user_id = ANY($2::uuid[])
         UNION ALL
        SELECT member_id, to_at
          FROM history.membership_periods
         WHERE organization_id = $1
           AND member_id = ANY($2::uuid[])) AS periods (user_id, to_at)
 GROUP BY user_id
