"""The connections of clients: how many there are, how long a request may take to arrive, and who is at the other end.

`handler.py` is one connection, `shortcut.py` lets it answer plain requests itself, `arrivals.py` ends heads and bodies
that arrive too slowly, `registry.py` bounds how many connections are open, `unread.py` bounds the answers that nobody
reads, `client_address.py` finds the client's address behind a proxy, and `draining.py` closes connections before the
service stops. This folder does not know what a request asks for. Begin with `handler.py`.
"""
