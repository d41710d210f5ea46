-- take_link: use a one-time link up. No row: there is none, it was used, or it has ended.
-- $1 digest bytea
DELETE FROM service.console_links
 WHERE digest = $1
RETURNING organization_id, roles, actor, expires_at < now() AS has_ended
