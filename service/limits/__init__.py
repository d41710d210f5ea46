"""Limits: scarce resources are shared fairly, and long work does not stop the event loop.

`offload.py` runs long pure work in a thread, organizations in turns; `garbage.py` collects garbage while nothing large
is in work, and `let_go.py` frees what large work has made; `inflow.py` bounds what arrives in one turn of the event
loop. `fair_share.py` bounds how much all requests, and those of one organization, hold at once, `turns.py` how many are
worked on, `memory_share.py` how many bytes arrive, and `working_memory.py` how many are worked on. `rate.py` limits how
many requests pass, with the buckets in `shared_buckets.py`; `failures.py` limits failed attempts per address;
`once_a_second.py` shares the result of work that many ask for; `descriptors.py` counts the connections that clients may
have; `guard_state.py` counts who loses access; `read_at_most.py` bounds the answer of another server. This folder does
not know what it bounds. Begin with `fair_share.py`.
"""
