"""projections/followers: story to come."""
