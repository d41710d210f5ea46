"""Tests of the store and of the projections, on a real Postgres."""
