"""Reads of the directory: by key, by page, by filter.

A filter's expression becomes SQL with parameters: `columns.py` says which attribute is which column,
`comparison_sql.py` compares one, `filter_sql.py` composes them. `keyset.py` goes on after a row, `pages.py`
reads pages, `totals.py` counts, `point_reads.py` answers reads by key that share queries, `members.py` reads
groups with their members. It knows expressions and rows, and nothing of HTTP. Begin with `pages.py`.
"""
