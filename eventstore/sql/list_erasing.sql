-- list_erasing: the facts of the events that say that people of an organization were erased.
-- $1 organization_id uuid
SELECT events.data
  FROM eventstore.erased_subjects AS erased
  JOIN eventstore.events
    ON events.organization_id = $1
   AND events.position = erased.position
 WHERE erased.organization_id = $1
   AND events.type = 'UserErased'
