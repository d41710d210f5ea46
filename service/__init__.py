"""The SCIM service provider (RFC 7644): it decides, and owns the process, HTTP and the command line.

`app.py` is the composition root, `runtime.py` opens what every command needs, `config.py` reads settings, `log.py`
writes log lines, `terminal.py` prepares the standard streams, `ids.py` makes ids. `http` serves, `scim` speaks
RFC 7644, `callers` authenticates, `write` takes a command into the log, `organizations` holds the use cases of
administrators, `replay` those of auditors, `erasure` those of erasure, `api` the framework of `admin` and `audit`, `oauth` gives access
tokens, `proof` signs logs and compares them, `feed` lets others follow them, `webhooks` sends events, `operate` serves operators, `keys` rotates keys, `requests` keeps what was refused, `cli` is the command line, `background` runs tasks that no request waits for, `limits` shares
scarce resources, `database` connects to Postgres. It knows every package below it, and none of them knows it.
Begin with `app.py`.
"""
