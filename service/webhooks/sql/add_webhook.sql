-- add_webhook: a new webhook, which is disabled until it is recorded.
-- $1 organization_id uuid
-- $2 id uuid
-- $3 label text
-- $4 webhook_kind text
-- $5 sealed bytea
-- $6 types text[]
-- $7 webhook_format text
-- $8 with_values boolean
-- $9 position bigint
-- $10 reason text
INSERT INTO service.webhooks (organization_id, id, label, kind, sealed, types, format, with_values, state, reason, position,
                              generation, attempts, next_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'disabled', $10, $9, 1, 0, now(), now())
