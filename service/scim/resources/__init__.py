"""service/scim/resources: story to come."""
