-- count_roles: how many people have each role, by whether the account is active.
-- $1 organization_id uuid
SELECT role_id, active, count(*) AS people
  FROM directory.users
 WHERE organization_id = $1
   AND kind <> 'unlisted account'
 GROUP BY role_id, active
