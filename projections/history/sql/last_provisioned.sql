-- last_provisioned: when an identity provider last caused an event of some users. Those without one have no row.
-- $1 organization_id uuid
-- $2 user_ids uuid[]
SELECT stream_id, max(at) AS at
  FROM history.activity
 WHERE organization_id = $1
   AND stream_id = ANY($2::uuid[])
   AND source = 'scim'
 GROUP BY stream_id
