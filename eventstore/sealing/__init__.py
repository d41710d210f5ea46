"""Personal values at rest: encrypted under a key per person, which the master key wraps.

`sealer.py` encrypts and decrypts, `events.py` seals and opens the personal part of events, `rewrap.py`
wraps people's keys with another master key, `randomness.py` gives random bytes from a buffer. Destroying a
person's key erases the person, and the log stays whole. It knows nothing of what the values mean.
Begin with `sealer.py`.
"""
