"""The event log: append facts, read them in order, follow them; one log per organization.

It knows organizations, streams, versions, positions, and whose key seals what. It knows nothing of SCIM,
schemas or read models, and no other package reads or writes its tables. Postgres itself keeps the log
gapless and append-only (`schema/migrations/0001_event_log.sql`).
`append.py` writes. `read.py` reads a log in order, `read_streams.py` reads many streams at once, `since.py`
looks at the end of a log. `follow.py` wakes followers. `erase.py` destroys keys. `sealing` protects personal
values, `proof` and `trees` prove the log, `postgres` holds what every statement needs, `slices.py` keeps steps on
the event loop short. Functions take the connection first, run in the caller's transaction and never commit.
Begin with `events.py` and `append.py`.
"""
