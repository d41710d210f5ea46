"""The SCIM service provider (RFC 7644): it decides, and owns the process, HTTP and the command line.

`app.py` is the composition root, `runtime.py` what every command stands on, `config.py` the settings, `log.py`
the log lines, `ids.py` new ids. `http` serves, `scim` speaks RFC 7644, `callers` authenticates, `write` is the
way of a command into the log, `organizations` holds the use cases of administrators, `cli` is the command
line, `background` runs what nobody waits for, `limits` shares what is scarce, `database` reaches Postgres.
It knows every package below it, and nothing below knows it. Begin with `app.py`.
"""
