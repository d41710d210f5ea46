"""The framework of our JSON APIs: one table of routes says what is served, to whom, and how it is described.

`route.py` is a row of such a table and `api.py` adds a table to the application. `models.py` has the base of all
messages, `read.py` turns requests into them, `call.py` is a request as its handler sees it, `problem.py` the form
of refusals (RFC 9457), `cursor.py` the places where pages begin, `openapi.py` writes the description,
`sending.py` sends files in pieces.
It knows nothing of what any API serves. Begin with `route.py`.
"""
