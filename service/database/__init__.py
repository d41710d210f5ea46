"""service/database: story to come."""
