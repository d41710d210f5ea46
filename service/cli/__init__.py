"""The command line: `scim-ledger COMMAND`.

`commands.py` and `projections.py` list the commands and call the use cases of `service/organizations` and
`projections`; `verify.py` and `tail.py` are the two long ones. `run.py` runs a command in an event loop,
`problems.py` turns what is raised into one line and an exit code, `provenance.py` says who acts. The modules
that begin with `print`, and `welcome.py`, `progress.py` and `json_differences.py`, are what a person or a
program reads. It decides nothing. Begin with `commands.py`.
"""
