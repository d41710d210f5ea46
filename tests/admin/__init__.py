"""The admin API: what it serves, to whom, and how it refuses."""
