"""Filters (RFC 7644 §3.4.2.2): from text to an expression, and what an expression means.

`tokens.py` and `literal.py` read the text, `parse.py` makes an expression of it, `expression.py` says what an
expression is. `comparable.py` and `comparison.py` say how values compare; `predicate.py` evaluates an
expression on a document. `search_document.py` makes the form of a document that SQL searches. The other
reading of an expression, as SQL, is in `projections/directory/queries`. Begin with `expression.py`.
"""
