"""The commands that write files for somebody else.

`export.py` has those of `scim-ledger audit export`: events, and who had which access. Begin with `export.py`.
"""
