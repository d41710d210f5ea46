"""RFC 7644 on aiohttp: from a request to a command or a query, and from its outcome to an answer.

`routes.py` lists the endpoints, `middleware.py` is what every request passes, `parse.py` reads
requests, `resources.py` writes, `query.py` reads, `represent.py` makes the JSON of answers.
"""
