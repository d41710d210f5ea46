"""projections/history: story to come."""
