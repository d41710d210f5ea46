"""Reads of the directory: by key, by page, by filter.

`plan.py` decides how a query is read, without IO; `reader.py` carries the plan out. `columns.py` says which
attribute is in which column, `filter_sql.py` turns a filter into SQL with parameters, `keyset.py` orders rows
and goes on after one of them. `point_reads.py` reads by key; such reads share queries. `members.py` reads
groups with their members, `people.py` reads users and groups as administrators see them, `holds.py` lists holds and
whom they concern, `totals.py` counts, `relations.py` names what pages are read from, the directory as it is or as it was
at a position; `past.py` reads the past by id. `composed.py` prepares the statements that come often. It knows expressions
and rows, and nothing of HTTP.
Begin with `plan.py`.
"""
