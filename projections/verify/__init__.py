"""projections/verify: story to come."""
