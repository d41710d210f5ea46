-- retire_signing_keys: all keys but one sign no more. One that was retired before keeps its end, unless it has none or
-- an earlier one was chosen.
-- $1 kid text: of the key that signs
-- $2 verifies_until timestamptz: NULL: without end
-- $3 is_chosen boolean
UPDATE service.signing_keys
   SET retired_at = coalesce(retired_at, clock_timestamp()),
       verifies_until = CASE WHEN retired_at IS NULL OR verifies_until IS NULL THEN $2::timestamptz
                             WHEN $3::boolean THEN least(verifies_until, $2::timestamptz)
                             ELSE verifies_until
                         END
 WHERE kid <> $1
