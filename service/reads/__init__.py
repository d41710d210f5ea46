"""Who read the log by the audit API, the console, `scim-ledger audit` or the data of a person: one event of an hour and caller.

`seen.py` counts reads in memory, so that no request waits; `flush.py` writes them to a table every second. When an hour is
over, `record.py` makes one event, `AuditRead`, of the reads of each caller, and `background.py` keeps both running. People
that were asked for are recorded by their id: once they are erased, nobody knows whom it meant. Names that nobody has are
sealed: `names.py` while the hour lasts, `sought.py` in the event, and both forget who is erased. Begin with `seen.py`.
"""
