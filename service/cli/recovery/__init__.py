"""The commands that keep and move what the service holds.

`backup.py` has `scim-ledger backup create`, `restore` and `verify`, which call `service/backup`. `moves.py` has
`organization import` and `organization move`, which call `service/moves`.
It decides nothing about the log. Begin with `backup.py`.
"""
