"""Webhooks: the service sends events by itself, each at least once and in order, and keeps how far each place has got.

`manage.py` has the use cases of administrators, `routes.py` and `messages.py` their admin API. `store.py` reads and
writes the rows, `places.py` says which addresses are allowed, `secret.py` makes secrets and signatures.
`leader.py` lets one process of all deliver, `delivery.py` brings one webhook up to the end of its log, `outcome.py`
says what came of an attempt, and `senders.py` sends: over `http.py`, or by `mail.py`. `sets.py` writes Security Event
Tokens, for which a receiver may also come to `poll.py`. `parts.py` puts all together.
Begin with `delivery.py`.
"""
