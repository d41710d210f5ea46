"""Restarts services under load and counts the answers that are not 2xx: `make rolling`."""
