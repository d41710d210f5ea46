-- save_token_uses: note when tokens were last used. A later use that another process noted stays.
-- $1 organization_ids uuid[]
-- $2 token_ids uuid[], in ascending order: processes that write the same rows then wait for each other in one order
-- $3 used_at timestamptz[]
-- $4 addresses text[]
INSERT INTO service.token_uses AS held (organization_id, token_id, used_at, address)
SELECT *
  FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[])
    ON CONFLICT ON CONSTRAINT token_uses_pkey
    DO UPDATE
   SET used_at = excluded.used_at,
       address = excluded.address
 WHERE held.used_at < excluded.used_at
