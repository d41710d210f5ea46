"""service/http: story to come."""
