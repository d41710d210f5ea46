-- page_groups: a page of groups that match, with members where those are at most 1,000.
-- $1 organization_id uuid
-- $2 limit bigint
-- $3 offset bigint
-- key, condition, order: composed of fixed fragments by keyset and filter_sql, with parameters from $4 on
  SELECT {key} AS sort_key, r.id, r.version, r.created_at, r.modified_at, r.document,
         CASE WHEN r.member_count BETWEEN 1 AND 1000
            THEN (SELECT json_agg(json_build_array(memberships.member_id, memberships.member_type,
                                                   coalesce(users.document, nested.document)->>'displayName')
                                  ORDER BY memberships.member_id)::text
                    FROM directory.memberships
                    LEFT JOIN directory.users
                      ON users.organization_id = $1
                     AND users.id = memberships.member_id
                    LEFT JOIN directory.groups AS nested
                      ON nested.organization_id = $1
                     AND nested.id = memberships.member_id
                   WHERE memberships.organization_id = $1
                     AND memberships.group_id = r.id)
       END AS related, r.member_count AS member_count
    FROM (SELECT r.id
            FROM directory.groups AS r
           WHERE r.organization_id = $1
             AND ({condition})
        ORDER BY {order}
           LIMIT $2
          OFFSET $3) AS page
    JOIN directory.groups AS r
      ON r.organization_id = $1
     AND r.id = page.id
ORDER BY {order}
