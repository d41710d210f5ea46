"""The use cases of auditors: they replay the log and read the past. The command line and the audit API call them.

`answers.py` answers the questions: which events match, what happened to a person, who held a role, who was in a group.
`as_of.py` reads people and groups as they were, and compares two instants. `names.py` says what they were called at a
position. `resolve.py` finds people, groups and roles by the names that they have or once had. `describe.py` turns
events into what a person reads, with `subjects.py` for values and names at any point of the log and `sentences.py` for
the words. `export.py` and `reports.py` make files, `documents.py` says what stands in them, `parquet.py` writes one
form of them. `cycles.py` answers about provisioning cycles and refusals. `references.py` leaves out what values say
about people who were erased. `instants.py` reads dates and times. They change nothing and may not know how they were
called. Begin with `answers.py`.
"""
