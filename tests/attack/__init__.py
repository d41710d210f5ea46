"""`make attack`: hostile clients against a service of its own, and what another organization notices of them.

A shape (`shapes/`) is a kind of hostile request, and how it is sent. `crew.py` sends it, in a process of its own,
as one organization; `bystander.py` provisions another one meanwhile and takes the times. The service
(`site.py`) runs with a ticker in its event loop (`watched.py`), which reports the longest gap between two ticks
and the memory. `role_groups.py` changes the roles of 100,000 people at once, beside the same ticker.
Begin with `__main__.py`.
"""
