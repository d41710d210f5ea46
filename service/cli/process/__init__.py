"""service/cli/process: story to come."""
