-- count_administrators: how many active users have a role and hold no token and no OAuth client; counting ends at a limit.
-- $1 organization_id uuid
-- $2 role_id uuid
-- $3 limit bigint
SELECT count(*)
  FROM (SELECT
          FROM directory.users
         WHERE organization_id = $1
           AND role_id = $2
           AND active
           AND kind = 'person'
           AND NOT EXISTS (SELECT
                             FROM directory.tokens
                            WHERE tokens.organization_id = $1
                              AND tokens.account_id = users.id)
           AND NOT EXISTS (SELECT
                             FROM directory.clients
                            WHERE clients.organization_id = $1
                              AND clients.account_id = users.id)
         LIMIT $3) AS administrators
