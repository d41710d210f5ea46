-- page_groups_alone: a page of groups that match, without their members.
-- $1 organization_id uuid
-- $2 limit bigint
-- $3 offset bigint
-- key, condition, order: composed of fixed fragments by keyset and filter_sql, with parameters from $4 on
  SELECT {key} AS sort_key, r.id, r.version, r.created_at, r.modified_at, r.document,
         NULL AS related, r.member_count AS member_count
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
