"""The commands that keep and move what the service holds.

`backup.py` has `scim-ledger backup create`, `restore` and `verify`, which call `service/backup`.
It decides nothing about the log. Begin with `backup.py`.
"""
