-- count_people: how many users a list shows, counted up to a limit.
-- $1 organization_id uuid
-- $2 limit bigint
-- where: further conditions, with parameters from $3 on
SELECT count(*)
  FROM (SELECT
          FROM directory.users
         WHERE organization_id = $1
           AND kind <> 'unlisted account' {where}
         LIMIT $2) AS shown
