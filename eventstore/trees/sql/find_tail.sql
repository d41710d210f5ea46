-- find_tail: the last position of a log. 0: it has no event.
-- $1 organization_id uuid
SELECT coalesce((SELECT position
                   FROM eventstore.events
                  WHERE organization_id = $1
                  ORDER BY position DESC
                  LIMIT 1), 0)
