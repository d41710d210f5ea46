"""service/database/embedded: story to come."""
