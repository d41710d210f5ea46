-- find_technical: which users hold tokens, or held one.
-- $1 organization_id uuid
-- $2 ids uuid[]
SELECT DISTINCT account_id
  FROM directory.tokens
 WHERE organization_id = $1
   AND account_id = ANY($2::uuid[])
