-- name_tokens: the labels of tokens and OAuth clients by id. Unknown ids have no row.
-- $1 organization_id uuid
-- $2 ids uuid[]
SELECT id, label
  FROM directory.tokens
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
 UNION ALL
SELECT id, label
  FROM directory.clients
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
