"""service/limits: story to come."""
