"""How the directory is read.

A query says what a client asks. `plan.py` decides how that is read: it is pure, and its plan is a value
that tests compare. `reader.py` carries a plan out, and is the one place that does. `members.py` adds the
members of groups, which are too many for the statement of a page. None of them knows HTTP.

Begin with `plan`.
"""
