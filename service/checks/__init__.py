"""What `scim-ledger check` looks at before or while the service runs. Nothing is changed.

`check.py` goes through everything, `database.py` looks at Postgres, its servers, its session and the tables, `machine.py`
at the disk, the limits and the settings, `front.py` at the address that clients use, and `findings.py` says what a
finding is. It knows the parts of the service, and nothing of HTTP's routes. Begin with `check.py`.
"""
