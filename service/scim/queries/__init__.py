"""Lists (RFC 7644 §3.4.2, RFC 9865): from query parameters to a ListResponse.

`parameters.py` reads the query parameters, `query.py` answers for one resource type, `root.py` for several,
`cross_type_view.py` adds the attributes of the other types to a type, `cursor.py` seals cursors.
Begin with `query.py`.
"""
