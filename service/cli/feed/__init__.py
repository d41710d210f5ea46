"""The commands about what follows the log from outside.

`webhooks.py` has those of webhooks, `printing.py` writes what they show, `publishing.py` publishes to NATS.
Each command calls a use case of service/webhooks. Begin with `webhooks.py`.
"""
