"""Lists (RFC 7644 §3.4.2, RFC 9865): from query parameters to a ListResponse.

`parameters.py` reads what a client asks for, `query.py` answers for one resource type, `root.py` for several,
`cross_type_view.py` lets a type know the attributes of others, `cursor.py` seals cursors.
Begin with `query.py`.
"""
