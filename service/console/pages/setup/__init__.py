"""The set-up: seven steps from a technical account to the first cycle. The service keeps how far it has come.

`routes.py` is the table. `steps.py` names the steps and shows each, `saved.py` keeps the state, `choices.py` has the steps in
which something is chosen, `expressions.py` makes the expression of the role, `arrivals.py` finds out what arrived and what is wrong,
`listening.py` has the steps that wait for it, live.
Begin with `steps.py`.
"""
