"""Every shape that outlives a process: on the wire, in the log and in the database.

`scim` holds the pure parts of SCIM: attribute definitions, documents, paths, filters, PATCH. `events`
holds the event types and `evolve`, the only way a state changes. `migrations` and `projections` hold the
DDL. Everything here is pure: no IO, no clock, no randomness. It knows nothing of the packages above it.
Begin with `scim/attributes.py` and `events/user.py`.
"""
