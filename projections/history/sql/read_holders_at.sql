-- read_holders_at: who had a role after the event at a position, and still existed, by id.
-- Who is active is looked up for those of the page only.
-- $1 organization_id uuid
-- $2 role_id uuid
-- $3 position bigint
-- $4 after uuid: the user that the page begins after; NULL for the first page
-- $5 limit bigint
SELECT page.user_id, page.role_id, page.assigned_by, page.source, page.request_id, page.from_position, page.from_at,
       page.to_position, page.to_at, access.is_active IS NOT NULL AS is_active
  FROM (SELECT user_id, role_id, assigned_by, source, request_id, from_position, from_at, to_position, to_at
          FROM history.role_periods
         WHERE organization_id = $1
           AND role_id = $2
           AND from_position <= $3
           AND (to_position IS NULL OR to_position > $3)
           AND ($4::uuid IS NULL OR user_id > $4)
         ORDER BY user_id
         LIMIT $5) AS page
  LEFT JOIN LATERAL (SELECT true AS is_active
                       FROM history.access_periods AS access
                      WHERE access.organization_id = $1
                        AND access.user_id = page.user_id
                        AND access.from_position <= $3
                        AND (access.to_position IS NULL OR access.to_position > $3)
                      LIMIT 1) AS access
    ON true
 ORDER BY page.user_id
