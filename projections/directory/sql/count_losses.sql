-- count_losses: how many users lost access since an instant, and the position of the first loss (0: there is none).
-- $1 organization_id uuid
-- $2 since timestamptz
SELECT count(DISTINCT user_id) AS users, coalesce(min(position), 0) AS since_position
  FROM directory.losses
 WHERE organization_id = $1
   AND recorded_at >= $2
