"""RFC 7644 on aiohttp: from a request to a command or a query, and from the outcome to an answer.

`routes.py` lists the endpoints. `error_form.py` makes the body of a refusal. `context.py` gives a handler its
request context. `request.py` reads bodies, `select.py` attributes and excludedAttributes, `represent.py` makes the
JSON of resources, `responses.py` the answers, `plain_reads.py` those of most GETs. `resources` serves single
resources, `queries` lists, `bulk` Bulk, `discovery.py` schemas and the other discovery endpoints. `path_aliases.py`
finds endpoints under other paths, `unknown_names.py` counts ignored attributes, `vocabulary.py` says which of their
names may be shown, `strict.py` refuses them where an organization asks for it, `as_of.py` reads the header SCIM-As-Of.
Begin with `routes.py`.
"""
