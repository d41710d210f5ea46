-- notify: wake the listeners for the events of some organizations.
-- $1 channel text
-- $2 organization_ids uuid[]
SELECT pg_notify($1, organization_id::text)
  FROM unnest($2::uuid[]) AS woken (organization_id)
