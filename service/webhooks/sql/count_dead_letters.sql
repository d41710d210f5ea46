-- count_dead_letters: how many dead letters each webhook of an organization has.
-- $1 organization_id uuid
SELECT webhook_id, count(*) AS letters
  FROM service.dead_letters
 WHERE organization_id = $1
 GROUP BY webhook_id
