-- page_union: a page over several tables, as (table_name, id).
-- $1 organization_id uuid
-- $2 limit bigint
-- $3 offset bigint
-- parts: union_part of each table; direction: ASC NULLS LAST or DESC NULLS FIRST
  SELECT table_name, id
    FROM ({parts}) AS matching
ORDER BY number_key {direction}, text_key COLLATE "C" {direction}, id {direction}
   LIMIT $2
  OFFSET $3
