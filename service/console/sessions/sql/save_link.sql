-- save_link: keep a one-time link, and forget those that have ended.
-- $1 digest bytea
-- $2 owner_id uuid, the organization, or NULL for an operator's
-- $3 roles text[]
-- $4 actor text
-- $5 lifetime interval
WITH forgotten AS (
    DELETE FROM service.console_links
     WHERE expires_at < now()
)
INSERT INTO service.console_links (digest, organization_id, roles, actor, expires_at)
VALUES ($1, $2, $3, $4, now() + $5)
