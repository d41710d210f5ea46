-- forget_setup: forget how far the set-up of an organization came in the console.
-- $1 organization_id uuid
DELETE FROM service.console_setups
 WHERE organization_id = $1
