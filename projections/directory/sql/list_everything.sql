-- list_everything: the users, present and former, and the groups of an organization.
-- $1 organization_id uuid
SELECT ARRAY(SELECT users.id
               FROM directory.users
              WHERE users.organization_id = $1
              UNION
             SELECT former_users.id
               FROM directory.former_users
              WHERE former_users.organization_id = $1
              ORDER BY 1) AS users,
       ARRAY(SELECT groups.id
               FROM directory.groups
              WHERE groups.organization_id = $1
              ORDER BY groups.id) AS groups
