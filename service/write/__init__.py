"""service/write: story to come."""
