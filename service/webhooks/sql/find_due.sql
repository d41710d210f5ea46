-- find_due: the webhooks of all organizations that may be sent to now, with how far each has got.
SELECT organization_id, id, position
  FROM service.webhooks
 WHERE state = 'enabled'
   AND kind <> 'poll'
   AND next_at <= now()
