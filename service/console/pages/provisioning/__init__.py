"""Pages about provisioning: what an identity provider changed, what was refused and why, and what the guard holds.

`cycles.py` has the list of cycles and a cycle with its comparison, `activity.py` the live activity, `refusals.py` explains
refusals in the reader's language with the texts of `findings.py`, `guard.py` shows holds and decides on them with the
facts of `held_people.py`, `choices.py` has what filters offer, `routes.py` is the table.
Begin with `cycles.py`.
"""
