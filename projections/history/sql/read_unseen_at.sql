-- read_unseen_at: who had one of some roles after the event at a position, and of whom no identity provider caused an event from
-- an instant up to it. By role, in the order that is given, and by id.
-- $1 organization_id uuid
-- $2 role_ids uuid[]
-- $3 position bigint
-- $4 since timestamptz
-- $5 limit bigint
-- The two whole sets are compared first: with the limit in sight, Postgres would look each person up.
WITH unseen AS MATERIALIZED (
    SELECT roles.*
      FROM history.role_periods AS roles
     WHERE roles.organization_id = $1
       AND roles.role_id = ANY($2::uuid[])
       AND roles.from_position <= $3
       AND (roles.to_position IS NULL OR roles.to_position > $3)
       AND NOT EXISTS (
               SELECT FROM history.activity
                WHERE activity.organization_id = $1
                  AND activity.stream_id = roles.user_id
                  AND activity.source = 'scim'
                  AND activity.at >= $4
                  AND activity.position <= $3))
SELECT roles.user_id, roles.role_id, roles.assigned_by, roles.source, roles.request_id, roles.from_position, roles.from_at,
       roles.to_position, roles.to_at,
       EXISTS (SELECT
                 FROM history.access_periods AS access
                WHERE access.organization_id = $1
                  AND access.user_id = roles.user_id
                  AND access.from_position <= $3
                  AND (access.to_position IS NULL OR access.to_position > $3)) AS is_active
  FROM unseen AS roles
 ORDER BY array_position($2::uuid[], roles.role_id), roles.user_id
 LIMIT $5
