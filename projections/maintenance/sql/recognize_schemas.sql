-- recognize_schemas: those of some schemas that have a build record, and one of these tables with an organization_id.
-- $1 names text[]
-- $2 table_names text[]
SELECT schema_name AS name
  FROM projections.builds
 WHERE schema_name = ANY($1::text[])
   AND (SELECT bool_and(EXISTS (SELECT
                                  FROM pg_attribute
                                 WHERE attrelid = pg_class.oid
                                   AND attname = 'organization_id'
                                   AND NOT attisdropped))
          FROM pg_class
         WHERE relnamespace = to_regnamespace(quote_ident(schema_name))
           AND relkind = 'r'
           AND relname = ANY($2::text[]))
 ORDER BY schema_name
