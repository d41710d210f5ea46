"""projections/maintenance: story to come."""
