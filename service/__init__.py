"""The SCIM service provider (RFC 7644): decides, and owns the process, transactions, HTTP and CLI.

`decide` holds the pure decisions; `lane.py` is the one shell around them that does the IO of a
write; `scim` speaks RFC 7644 on aiohttp; `app.py` puts everything together and `cli.py` starts it.
It knows every package below it, and nothing below knows it. Begin with `lane.py`.
"""
