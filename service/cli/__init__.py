"""The command line: `scim-ledger COMMAND`.

`commands.py` and `projections.py` define the commands and call the use cases in `service/organizations` and
`projections`. The longer commands have their own files: `serve.py`, `tail.py`, `verify.py`, `settings.py` and `demo.py`;
`audit.py` has the commands of auditors, `proof.py` and `witness.py` those about the proof, `cycles.py` those about
provisioning, `keys.py` those that rotate keys. `admin/` has those for what the admin API offers too, `privacy/` those
that erase, `files/` those that export, `recovery/` those for backups, `feed/` those about webhooks, `operate/` those of
whoever runs the service.
`command_line.py` runs one command line, `groups.py` makes command groups, and `provenance.py` records who acts.
`process/` turns a command into a process: event loop, signals, exit codes, standard output. `printing/` makes the text
and the JSON that commands print.
It decides nothing about the directory or the log. Begin with `commands.py`.
"""
