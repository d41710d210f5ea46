-- count_activity: the events that came over SCIM with a token, between two positions, by type.
-- $1 organization_id uuid
-- $2 token_id uuid
-- $3 after bigint
-- $4 position bigint: events up to it
SELECT type, count(*) AS events, coalesce(sum(jsonb_array_length(facts->'members')), 0)::bigint AS members
  FROM history.activity
 WHERE organization_id = $1
   AND token_id = $2
   AND position > $3
   AND position <= $4
   AND source = 'scim'
 GROUP BY type
