"""service/background: story to come."""
