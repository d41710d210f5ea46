-- set_back_beyond: let no webhook be beyond the end of its log, which is older than the webhooks are.
-- $1 organization_ids uuid[]: of all logs
-- $2 positions bigint[]: where they end
WITH ends AS (
    SELECT *
      FROM unnest($1::uuid[], $2::bigint[]) AS ends (organization_id, position)
), orphans AS (
    DELETE FROM service.dead_letters AS letters
     WHERE NOT EXISTS (SELECT
                         FROM service.webhooks
                        WHERE webhooks.organization_id = letters.organization_id
                          AND webhooks.id = letters.webhook_id)
), homeless AS (
    DELETE FROM service.webhooks
     WHERE organization_id <> ALL ($1)
)
UPDATE service.webhooks
   SET position = ends.position,
       generation = generation + 1
  FROM ends
 WHERE webhooks.organization_id = ends.organization_id
   AND webhooks.position > ends.position
