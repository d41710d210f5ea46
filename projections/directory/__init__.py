"""The directory: users, groups, memberships, organizations and tokens, as SCIM answers them.

`tables.py` describes the tables once: columns, keys, and which columns are personal. `rows.py` turns a state
into a row, `load.py` a row into a state (`load_roles.py`: many users' roles), `save.py` writes rows, `changes.py` collects what a batch changed,
`fold.py` makes all rows of a stream for a rebuild, `refold.py` says whether rows of the former revision would
stay the same. `access.py` finds what stands behind a token, `organizations.py` lists organizations and
accounts, `actors.py` names who acted, `user_type.py` loads an organization's User resource type. `queries` answers reads. It knows nothing
of requests. Begin with `tables.py`.
"""
