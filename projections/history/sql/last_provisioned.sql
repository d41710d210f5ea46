-- last_provisioned: when an identity provider last caused an event of some users, up to a position. Those without one
-- have no row.
-- $1 organization_id uuid
-- $2 user_ids uuid[]
-- $3 position bigint
SELECT stream_id, max(at) AS at
  FROM history.activity
 WHERE organization_id = $1
   AND stream_id = ANY($2::uuid[])
   AND source = 'scim'
   AND position <= $3
 GROUP BY stream_id
