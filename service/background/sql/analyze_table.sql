-- analyze_table: gather a table's statistics, with the rights of its owner.
-- $1 schema_name text
-- $2 table_name text
SELECT service.analyze_table($1, $2)
