"""service/cli/printing: story to come."""
