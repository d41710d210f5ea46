"""The commands about what follows the log from outside.

`webhooks.py` has those of webhooks, which call use cases of service/webhooks, and `printing.py` writes what they show.
`publishing.py` publishes to NATS by service/feed. Begin with `webhooks.py`.
"""
