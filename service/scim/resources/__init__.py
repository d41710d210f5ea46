"""Single resources: create, read, replace, patch, delete.

`users.py` and `groups.py` hold the handlers, `me.py` those of /Me; `read_command.py` reads a body into a command,
`stream_group.py` streams a group with many members, `unmodified.py` decides on 304. Begin with `users.py`.
"""
