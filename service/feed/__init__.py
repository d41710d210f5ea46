"""The feed, /api/feed/v1: consumers follow the log of their organization, in order, and go on where they stopped.

`routes.py` is the table of the API, `messages.py` holds its messages, `event.py` is an event as consumers get it,
`poll.py` answers with pages, after a wait if there is nothing yet, and `stream.py` with Server-Sent Events.
`reader.py` reads the log once for all who wait for the same events, `wakes.py` learns of new events over one
connection, `consumers.py` bounds how many wait, `ocsf.py` writes events for a SIEM, `jetstream.py` publishes
them to NATS, `parts.py` puts these together.
Nothing here keeps a place in the log: that is the consumer's. Begin with `poll.py`.
"""
