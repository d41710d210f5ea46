-- find_concerns: the latest hold that decides on each of some users, for each kind of loss.
-- $1 organization_id uuid
-- $2 user_ids uuid[]
-- $3 approved_since timestamptz: earlier approvals are over
-- $4 rejected_since timestamptz: earlier rejections are over
SELECT DISTINCT ON (held_users.user_id, holds.kind)
       held_users.user_id, holds.kind, holds.id
  FROM directory.held_users
  JOIN directory.holds
    ON holds.organization_id = $1
   AND holds.id = held_users.hold_id
 WHERE held_users.organization_id = $1
   AND held_users.user_id = ANY($2::uuid[])
   AND (holds.state = 'open'
        OR (holds.state = 'rejected' AND holds.decided_at > $4)
        OR (holds.state = 'approved' AND holds.decided_at > $3
            AND NOT EXISTS (SELECT  -- An approval is used once.
                              FROM directory.losses
                             WHERE losses.organization_id = $1
                               AND losses.user_id = held_users.user_id
                               AND losses.kind = holds.kind
                               AND losses.position > holds.decided_position)))
 ORDER BY held_users.user_id, holds.kind, holds.opened_position DESC
