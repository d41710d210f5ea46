-- erase_references: remove a person's name from the managers of other users, in kept tables.
-- The schema and the URN are put in by references.py.
-- $1 organization_id uuid
-- $2 others uuid[]
-- $3 person text: the id
-- $4 names text[]: folded
WITH named AS (
    SELECT users.id,
           CASE WHEN manager ->> 'value' = $3 THEN ARRAY['{urn}', 'manager', 'displayName']
                ELSE ARRAY['{urn}', 'manager'] END AS path
      FROM "{schema}".users
     CROSS JOIN LATERAL (SELECT users.document::jsonb #> ARRAY['{urn}', 'manager'] AS manager) AS found
     WHERE users.organization_id = $1
       AND users.id = ANY($2)
       AND (manager ->> 'value' = $3
            OR lower(manager ->> 'value') = ANY($4)
            OR (manager ->> 'value' IS NULL AND lower(manager ->> 'displayName') = ANY($4)))
), changed AS (
    UPDATE "{schema}".users
       SET document = (users.document::jsonb #- named.path)::json,
           search = users.search #- named.path
      FROM named
     WHERE users.organization_id = $1
       AND users.id = named.id
    RETURNING users.id
)
SELECT count(*)
  FROM changed
