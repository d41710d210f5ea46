-- save_session: begin a session, and forget those that have ended.
-- $1 id uuid
-- $2 digest bytea
-- $3 owner_id uuid, the organization, or NULL for an operator
-- $4 person_id uuid
-- $5 roles text[]
-- $6 actor text
-- $7 way text
-- $8 user_agent text
-- $9 address text
-- $10 idle interval
-- $11 lifetime interval
-- $12 fresh_at timestamptz, when the person proved who they are
WITH forgotten AS (
    DELETE FROM service.console_sessions
     WHERE used_at < now() - $10::interval
        OR created_at < now() - $11::interval
)
INSERT INTO service.console_sessions
       (id, digest, organization_id, person_id, roles, actor, way, user_agent, address, fresh_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $12)
