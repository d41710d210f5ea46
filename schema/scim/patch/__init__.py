"""schema/scim/patch: story to come."""
