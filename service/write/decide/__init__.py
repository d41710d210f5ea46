"""Decisions: (state, command) → events, or a refusal. Pure: no IO, no clock, no ids.

`decide.py` finds the module of a command: `user.py`, `group.py`, `organization.py` or `clients.py`. `state.py` holds the
state that a decision may look at, `required_state.py` says which part of it a command requires. `members.py`
reads the members in a request, `role.py` the role, `text.py` names and labels; `applied.py` applies a PATCH.
`role_groups.py` adds what groups make of roles. `guard.py` judges the result by what service/limits/guard_state.py holds, and
decides on holds. Begin with `decide.py`.
"""
