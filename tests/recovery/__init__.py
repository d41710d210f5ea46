"""Backups, moves of organizations, and reads from a replica."""
