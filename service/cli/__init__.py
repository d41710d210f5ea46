"""service/cli: story to come."""
