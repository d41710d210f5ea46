-- find_token_uses: when and from where tokens were last used. An unused token has no row.
-- $1 organization_id uuid
-- $2 token_ids uuid[]
SELECT token_id, used_at, address
  FROM service.token_uses
 WHERE organization_id = $1
   AND token_id = ANY($2::uuid[])
