-- add_webhook: a new webhook.
-- $1 organization_id uuid
-- $2 id uuid
-- $3 label text
-- $4 webhook_kind text
-- $5 sealed bytea
-- $6 types text[]
-- $7 webhook_format text
-- $8 with_values boolean
-- $9 position bigint
INSERT INTO service.webhooks (organization_id, id, label, kind, sealed, types, format, with_values, state, position,
                              generation, attempts, next_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'enabled', $9, 1, 0, now(), now())
