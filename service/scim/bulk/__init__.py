"""service/scim/bulk: story to come."""
