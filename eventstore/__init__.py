"""The event log: append facts, read them in order, follow them; one log per organization.

It knows organizations, streams, versions, positions and whose key seals what; it knows nothing of
SCIM, of schemas or of read models, and nobody else reads its tables. Postgres itself keeps the log
gapless and append-only (`schema/migrations/0001_event_log.sql`); the code here only explains it.
Functions take the connection first, run inside the caller's transaction and never commit.
Begin with `events.py` and `store.py`; `seal.py` is for personal values, `follow.py` for who may lag,
`postgres/` for what its errors mean.
"""
