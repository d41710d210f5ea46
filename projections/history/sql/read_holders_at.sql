-- read_holders_at: who had a role after the event at a position, and still existed, by id.
-- $1 organization_id uuid
-- $2 role_id uuid
-- $3 position bigint
-- $4 after uuid: the user that the page begins after; NULL for the first page
-- $5 limit bigint
SELECT roles.user_id, roles.role_id, roles.assigned_by, roles.source, roles.request_id, roles.from_position, roles.from_at,
       roles.to_position, roles.to_at,
       EXISTS (SELECT
                 FROM history.access_periods AS access
                WHERE access.organization_id = $1
                  AND access.user_id = roles.user_id
                  AND access.from_position <= $3
                  AND (access.to_position IS NULL OR access.to_position > $3)) AS is_active
  FROM history.role_periods AS roles
 WHERE roles.organization_id = $1
   AND roles.role_id = $2
   AND roles.from_position <= $3
   AND (roles.to_position IS NULL OR roles.to_position > $3)
   AND ($4::uuid IS NULL OR roles.user_id > $4)
 ORDER BY roles.user_id
 LIMIT $5
