"""service/organizations: story to come."""
