-- 0008: what this service makes says so, in a database that it may share. The schemas of projections are marked
-- where they are made, and those that a release before this one made are recognized and marked by the runner.

COMMENT ON SCHEMA service IS 'Made by scim-ledger.';
COMMENT ON SCHEMA eventstore IS 'Made by scim-ledger.';
COMMENT ON SCHEMA projections IS 'Made by scim-ledger.';
COMMENT ON SCHEMA followers IS 'Made by scim-ledger.';
