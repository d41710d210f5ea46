-- take_leases: those duties that nobody else has, which are now the transaction's own until it ends.
-- $1 duties text[]: each the name of a projection and a shard
SELECT duty
  FROM unnest($1::text[]) AS wanted (duty)
 WHERE pg_try_advisory_xact_lock(hashtextextended('follower ' || duty, 0))
