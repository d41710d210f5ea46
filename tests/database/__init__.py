"""The store and the projections, on a real Postgres."""
