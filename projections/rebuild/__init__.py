"""projections/rebuild: story to come."""
