-- load_held: all logs that are held.
SELECT organization_id, state, position, destination
  FROM eventstore.held_logs
