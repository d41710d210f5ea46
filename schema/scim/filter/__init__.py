"""schema/scim/filter: story to come."""
