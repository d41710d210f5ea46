-- find_foreign_objects: the objects in some schemas without our mark, and those that depend on our tables there.
-- Indexes that somebody added to our tables do not count, because they hold no data of their own.
-- $1 schema_names text[]
-- $2 mark text
  WITH schemas AS (
       SELECT oid
         FROM pg_namespace
        WHERE nspname = ANY($1::text[])),
       ours AS (
       SELECT oid, reltype
         FROM pg_class
        WHERE relnamespace IN (SELECT oid FROM schemas)
          AND relkind = 'r'
          AND obj_description(oid, 'pg_class') = $2),
       row_types AS (
       SELECT oid
         FROM pg_type
        WHERE oid IN (SELECT reltype FROM ours)
           OR typelem IN (SELECT reltype FROM ours)),
       found AS (
       SELECT classid, objid
         FROM pg_depend
        WHERE deptype = 'n'
          AND (refclassid = 'pg_namespace'::regclass AND refobjid IN (SELECT oid FROM schemas)
               OR refclassid = 'pg_class'::regclass AND refobjid IN (SELECT oid FROM ours)
               OR refclassid = 'pg_type'::regclass AND refobjid IN (SELECT oid FROM row_types))
        UNION
       SELECT 'pg_trigger'::regclass, oid
         FROM pg_trigger
        WHERE tgrelid IN (SELECT oid FROM ours)
          AND NOT tgisinternal),
       named AS (  -- A view depends through its rule.
       SELECT CASE WHEN pg_rewrite.oid IS NULL THEN found.classid ELSE 'pg_class'::regclass END AS classid,
              coalesce(pg_rewrite.ev_class, found.objid) AS objid
         FROM found
         LEFT JOIN pg_rewrite
           ON found.classid = 'pg_rewrite'::regclass
          AND pg_rewrite.oid = found.objid)
SELECT DISTINCT object.type || ' ' || object.identity AS name
  FROM named,
       pg_identify_object(classid, objid, 0) AS object
 WHERE NOT (classid = 'pg_class'::regclass
            AND (objid IN (SELECT oid FROM ours)
                 OR EXISTS (SELECT
                              FROM pg_index
                             WHERE indexrelid = objid
                               AND indrelid IN (SELECT oid FROM ours))))
   AND NOT (classid = 'pg_attrdef'::regclass
            AND EXISTS (SELECT FROM pg_attrdef WHERE oid = objid AND adrelid IN (SELECT oid FROM ours)))
   AND NOT (classid = 'pg_constraint'::regclass
            AND EXISTS (SELECT FROM pg_constraint WHERE oid = objid AND conrelid IN (SELECT oid FROM ours)))
 ORDER BY name
