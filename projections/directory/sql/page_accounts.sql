-- page_accounts: technical accounts of an organization, the latest first: users who were made to hold tokens, or
-- hold tokens or OAuth clients, or held some.
-- $1 organization_id uuid
-- $2 before uuid: only accounts with a smaller id, or NULL
-- $3 limit bigint
-- $4 id uuid: only this account, or NULL
  SELECT users.id, users.created_at, users.active, users.role_id, users.kind,
         users.document->>'userName' AS user_name, users.document->>'displayName' AS display_name
    FROM directory.users
   WHERE users.organization_id = $1
     AND users.id IN (SELECT accounts.id
                        FROM directory.users AS accounts
                       WHERE accounts.organization_id = $1
                         AND accounts.kind <> 'person'
                       UNION
                      SELECT tokens.account_id
                        FROM directory.tokens
                       WHERE tokens.organization_id = $1
                       UNION
                      SELECT clients.account_id
                        FROM directory.clients
                       WHERE clients.organization_id = $1)
     AND ($2::uuid IS NULL OR users.id < $2)
     AND ($4::uuid IS NULL OR users.id = $4)
ORDER BY users.id DESC
   LIMIT $3
