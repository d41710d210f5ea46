"""service/scim/queries: story to come."""
