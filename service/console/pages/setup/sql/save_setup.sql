-- save_setup: how far the set-up of an organization has come now.
-- $1 organization_id uuid
-- $2 provider text
-- $3 state json
INSERT INTO service.console_setups (organization_id, provider, state)
VALUES ($1, $2, $3)
    ON CONFLICT ON CONSTRAINT console_setups_pkey
    DO UPDATE SET provider = EXCLUDED.provider, state = EXCLUDED.state, updated_at = now()
