-- is_log_here: whether there is a log of this organization, or was one that has moved.
-- $1 organization_id uuid
SELECT EXISTS (SELECT FROM eventstore.events WHERE organization_id = $1)
       OR EXISTS (SELECT FROM proof.logs WHERE organization_id = $1)
