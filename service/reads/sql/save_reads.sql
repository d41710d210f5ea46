-- save_reads: count reads of the log. The order is that of the index, so that processes wait for each other in one order.
-- $1 organization_ids uuid[]
-- $2 hours timestamptz[]
-- $3 actor_ids text[]
-- $4 token_ids uuid[]
-- $5 sources text[]
-- $6 paths text[]
-- $7 subject_ids uuid[]
-- $8 reads bigint[]
-- $9 first_at timestamptz[]
-- $10 last_at timestamptz[]
-- $11 positions bigint[]
-- $12 request_ids uuid[]
-- $13 names bytea[]: sealed; NULL: none
INSERT INTO service.audit_reads AS held
       (organization_id, hour, actor_id, token_id, source, path, subject_id, reads, first_at, last_at, position, request_id,
        sealed_names)
SELECT read.organization_id, hour, actor_id, token_id, source, path, subject_id, reads, first_at, last_at, position,
       request_id, CASE WHEN names IS NULL THEN '{}' ELSE ARRAY[names] END
  FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::uuid[], $8::bigint[],
              $9::timestamptz[], $10::timestamptz[], $11::bigint[], $12::uuid[], $13::bytea[])
       AS read (organization_id, hour, actor_id, token_id, source, path, subject_id, reads, first_at, last_at, position,
                request_id, names)
 ORDER BY 1, 2, 3, 4, 5, 6, 7
    ON CONFLICT (organization_id, hour, actor_id, token_id, source, path, subject_id)
    DO UPDATE
   SET reads = held.reads + excluded.reads,
       first_at = least(held.first_at, excluded.first_at),
       last_at = greatest(held.last_at, excluded.last_at),
       position = greatest(held.position, excluded.position),
       request_id = excluded.request_id,
       sealed_names = CASE WHEN cardinality(held.sealed_names) < 100
                           THEN held.sealed_names || excluded.sealed_names
                           ELSE held.sealed_names END
