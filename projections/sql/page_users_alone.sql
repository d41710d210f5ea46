-- page_users_alone: a page of users that match, without their groups.
-- $1 organization_id uuid
-- $2 limit bigint
-- $3 offset bigint
-- key, condition, order: composed of fixed fragments by keyset and filter_sql, with parameters from $4 on
  SELECT {key} AS sort_key, r.id, r.version, r.created_at, r.modified_at, r.document,
         NULL AS related, 0 AS member_count
    FROM (SELECT r.id
            FROM directory.users AS r
           WHERE r.organization_id = $1
             AND ({condition})
        ORDER BY {order}
           LIMIT $2
          OFFSET $3) AS page
    JOIN directory.users AS r
      ON r.organization_id = $1
     AND r.id = page.id
ORDER BY {order}
