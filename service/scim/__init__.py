"""RFC 7644 on aiohttp: from a request to a command or a query, and from its outcome to an answer.

`routes.py` lists the endpoints; `middleware.py` is what every request passes, and turns failures into SCIM
errors. `context.py` is what a handler gets. `request.py` reads bodies, `select.py` attributes and
excludedAttributes, `represent.py` makes the JSON of resources, `responses.py` the answers. `resources` serves
single resources, `queries` lists, `bulk` Bulk; `discovery.py` what a client can find out. `path_aliases.py`
finds endpoints under other paths, `unknown_names.py` counts what was ignored. Begin with `routes.py`.
"""
