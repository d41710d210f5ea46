-- load_held: all logs that are held.
SELECT organization_id, state, position, destination, held_at
  FROM eventstore.held_logs
