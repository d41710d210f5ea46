"""The use cases of administrators: called by the command line, and by every door that comes.

`register.py` makes organizations, `tokens.py` issues and revokes tokens, `users.py` makes people by hand,
`schemas.py` registers extension schemas, `first_start.py` makes what a new database needs.
They take who acts as a parameter and assume no door. Begin with `register.py`.
"""
