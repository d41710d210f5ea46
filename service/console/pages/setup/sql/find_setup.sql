-- find_setup: how far the set-up of an organization has come.
-- $1 organization_id uuid
SELECT provider, state
  FROM service.console_setups
 WHERE organization_id = $1
