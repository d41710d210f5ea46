-- page_users: a page of users that match, with the groups that each belongs to.
-- $1 organization_id uuid
-- $2 limit bigint
-- $3 offset bigint
-- users, groups, memberships: relations (relations.py)
-- key, condition, order: composed from fixed fragments by keyset and filter_sql, with parameters from $4 on
-- listed: leaves out accounts that SCIM does not list
-- bytes: after documents of this size, the documents of further rows are NULL. The first one never is.
  SELECT {key} AS sort_key, r.id, r.version, r.created_at, r.modified_at,
         CASE WHEN coalesce(sum(CASE WHEN pg_column_compression(r.document) IS NULL  -- Not compressed: its size is known.
                                     THEN pg_column_size(r.document)
                                     ELSE octet_length(r.document::text)
                                 END)
                            OVER (ORDER BY {order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) <= {bytes}
              THEN r.document
          END AS document,
         (SELECT json_agg(json_build_array(groups.id, groups.document->>'displayName') ORDER BY groups.id)::text
          FROM {memberships} AS memberships
          JOIN {groups} AS groups
            ON groups.organization_id = $1
           AND groups.id = memberships.group_id
         WHERE memberships.organization_id = $1
           AND memberships.member_id = r.id) AS related, 0 AS member_count
    FROM (SELECT r.id
            FROM {users} AS r
           WHERE r.organization_id = $1
             AND ({condition})
             AND {listed}
        ORDER BY {order}
           LIMIT $2
          OFFSET $3) AS page
    JOIN {users} AS r
      ON r.organization_id = $1
     AND r.id = page.id
ORDER BY {order}
