"""eventstore/sealing: story to come."""
