-- page_groups_alone: a page of groups that match, without their members.
-- $1 organization_id uuid
-- $2 limit bigint
-- $3 offset bigint
-- groups: a relation (relations.py)
-- key, condition, order: composed from fixed fragments by keyset and filter_sql, with parameters from $4 on
-- bytes: after documents of this size, the documents of further rows are NULL. The first one never is.
  SELECT {key} AS sort_key, r.id, r.version, r.created_at, r.modified_at,
         CASE WHEN coalesce(sum(CASE WHEN pg_column_compression(r.document) IS NULL  -- Not compressed: its size is known.
                                     THEN pg_column_size(r.document)
                                     ELSE octet_length(r.document::text)
                                 END)
                            OVER (ORDER BY {order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) <= {bytes}
              THEN r.document
          END AS document,
         NULL AS related, r.member_count AS member_count
    FROM (SELECT r.id
            FROM {groups} AS r
           WHERE r.organization_id = $1
             AND ({condition})
        ORDER BY {order}
           LIMIT $2
          OFFSET $3) AS page
    JOIN {groups} AS r
      ON r.organization_id = $1
     AND r.id = page.id
ORDER BY {order}
