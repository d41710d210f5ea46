"""The keys of the service: listed, known to every process, and rotated while everything runs.

`places.py` finds the master keys that this process was given, `master_keys.py` has their states in the database,
`rotate.py` rotates them. `keyring.py` holds the keys of this process and loads what changed, `processes.py` records
which process has which. `secrets.py` keeps what the master key wraps besides people's keys and signing keys, which
are in `service/callers`. It knows nothing of requests. Begin with `keyring.py`.
"""
