"""Audit: what happened, who had what on a day, and how that is proved. Every reading is recorded, as those of the audit API.

`search.py` searches the log, `on_a_day.py` answers questions about a day with the rows of `day_rows.py`, `compare.py`
compares two days, `reports.py` and `exports.py` give files out and record it, `proof.py` says in plain words what is proved.
`wanted.py` turns an address into a search, `reading.py` has tabs and values, `routes.py` is the table.
Begin with `search.py`.
"""
