"""The event types, and `evolve`, the only way a state changes.

Every event has public facts, which stay for ever. An event about a person also has personal values,
which are sealed under that person's key. `proof.py` has the events about the log itself. `codec.py` turns events into what the log stores, and back.
This folder does not know where events are stored. Begin with `user.py`.
"""
