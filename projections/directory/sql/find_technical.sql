-- find_technical: which users are technical accounts: they were made as such, or hold a token or an OAuth client, or held one.
-- $1 organization_id uuid
-- $2 ids uuid[]
SELECT id AS account_id
  FROM directory.users
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
   AND kind <> 'person'
 UNION
SELECT account_id
  FROM directory.tokens
 WHERE organization_id = $1
   AND account_id = ANY($2::uuid[])
 UNION
SELECT account_id
  FROM directory.clients
 WHERE organization_id = $1
   AND account_id = ANY($2::uuid[])
