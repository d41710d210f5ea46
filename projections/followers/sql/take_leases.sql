-- take_leases: take the duties that no other transaction has, until this one ends; return them.
-- $1 duties text[]: each the name of a projection and a shard
SELECT duty
  FROM unnest($1::text[]) AS wanted (duty)
 WHERE pg_try_advisory_xact_lock(hashtextextended('follower ' || duty, 0))
