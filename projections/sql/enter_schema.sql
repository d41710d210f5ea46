-- enter_schema: let unqualified names be those of a Postgres schema until the transaction ends.
-- $1 schema text
SELECT set_config('search_path', quote_ident($1), true)
