-- count_active: how many people were active at an instant: those who are, and those who lost access since.
-- $1 organization_id uuid
-- $2 since timestamptz
SELECT (SELECT count(*)
          FROM directory.users
         WHERE organization_id = $1
           AND active
           AND kind = 'person'
           AND NOT EXISTS (SELECT
                             FROM directory.tokens
                            WHERE tokens.organization_id = $1
                              AND tokens.account_id = users.id)
           AND NOT EXISTS (SELECT
                             FROM directory.clients
                            WHERE clients.organization_id = $1
                              AND clients.account_id = users.id))
       + (SELECT count(DISTINCT user_id)
            FROM directory.losses
           WHERE organization_id = $1
             AND recorded_at >= $2
             AND kind IN ('deletion', 'deactivation')
             AND NOT EXISTS (SELECT
                               FROM directory.users
                              WHERE users.organization_id = $1
                                AND users.id = losses.user_id
                                AND users.active))
