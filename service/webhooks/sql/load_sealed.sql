-- load_sealed: what the master key wraps of all webhooks, locked until the transaction ends.
SELECT organization_id, id, sealed
  FROM service.webhooks
 ORDER BY organization_id, id
   FOR UPDATE
