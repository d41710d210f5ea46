-- find_mentioning: the users whose manager may be named by one of some texts.
-- $1 organization_id uuid
-- $2 names text[]: ids and names in lower case, as JSON writes them
SELECT id
  FROM directory.users
 WHERE organization_id = $1
   AND strpos(document::text, '"manager"') > 0
   AND EXISTS (SELECT
                 FROM unnest($2::text[]) AS names (name)
                WHERE strpos(lower(document::text), name) > 0)
