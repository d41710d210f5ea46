-- count_days: how many events of some types a log has for each day, between two positions.
-- $1 organization_id uuid
-- $2 after_position bigint
-- $3 last_position bigint
-- $4 zone text: the time zone whose days are meant
-- $5 types text[]
SELECT (at AT TIME ZONE $4)::date AS day, type, count(*) AS events
  FROM history.activity
 WHERE organization_id = $1
   AND position > $2
   AND position <= $3
   AND type = ANY($5::text[])
 GROUP BY 1, 2
