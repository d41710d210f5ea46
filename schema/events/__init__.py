"""What the log says: every event type, and `evolve`, the only way state changes.

An event has two parts: facts without personal data, which stay for ever, and personal values, which
are sealed under the subject's key. `codec.py` turns events into what the log stores and back.
It knows nothing of where events are kept. Begin with `user.py`.
"""
