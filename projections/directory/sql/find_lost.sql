-- find_lost: which users lost access since an instant.
-- $1 organization_id uuid
-- $2 since timestamptz
-- $3 ids uuid[]
SELECT DISTINCT user_id
  FROM directory.losses
 WHERE organization_id = $1
   AND recorded_at >= $2
   AND user_id = ANY($3::uuid[])
