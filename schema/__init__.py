"""Every shape that outlives a process: on the wire, in the log and in the database.

`scim` holds RFC 7643: attribute definitions, documents, paths, filters, PATCH. `events` holds what the
log says and `evolve`, the only way a state changes. `migrations` and `projections` hold the DDL.
Everything here is pure: no IO, no clock, no randomness. It knows nothing of the packages above it.
Begin with `scim/attributes.py` and `events/user.py`.
"""
