"""Decisions: (state, command) → events, or a refusal. Pure: no IO, no clock, no ids.

`decide.py` finds the module of a command: `user.py`, `group.py` or `organization.py`. `state.py` holds what a
decision may look at, `required_state.py` says what a command needs of it. `members.py` reads what a request
says of members, `role.py` what it says of the role. Begin with `decide.py`.
"""
