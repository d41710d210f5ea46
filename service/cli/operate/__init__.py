"""The commands of whoever runs the service.

`check.py` is `scim-ledger check`, which says what to mend before or while the service runs.
It calls `service/checks` and prints. Begin with `check.py`.
"""
