"""The event log: append facts, read them in order, follow them; one log per organization.

It knows organizations, streams, versions, positions and whose key seals what. It knows nothing of SCIM,
of schemas or of read models, and nobody else reads or writes its tables. Postgres itself keeps the log
gapless and append-only (`schema/migrations/0001_event_log.sql`).
`append.py` writes; `read.py` reads a log in order, `read_streams.py` reads many streams of it at once;
`follow.py` wakes whoever follows. `sealing` is for personal values, `postgres` for what every statement
needs. Functions take the connection first, run inside the caller's transaction and never commit.
Begin with `events.py` and `append.py`.
"""
