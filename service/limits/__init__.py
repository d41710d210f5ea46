"""Limits: scarce resources are shared fairly, and long work does not stop the event loop.

`fair_share.py` bounds how much all requests, and those of one organization, hold at once, and `memory_share.py` how
many bytes; `turns.py` bounds how many requests of an organization are worked on; `rate.py` limits how many requests pass, with the buckets in `shared_buckets.py`; `failures.py` limits failed attempts per address; `once_a_second.py` shares the result of work that many
ask for; `offload.py` runs long pure work in a thread; `descriptors.py` counts the connections that clients may
have. This folder does not know what it bounds. Begin with `fair_share.py`.
"""
