-- find_lowest: how far the enabled webhook that is furthest behind has got, of each organization that has one.
SELECT organization_id, min(position) AS position
  FROM service.webhooks
 WHERE state = 'enabled'
   AND kind <> 'poll'
 GROUP BY organization_id
