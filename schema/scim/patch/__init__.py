"""PATCH (RFC 7644 §3.5.2): from a body to operations, and from operations to a document.

`path.py` reads paths, `operations.py` reads both dialects into operations, `operation_value.py` reads their
values. `apply.py` applies operations to a document, and `elements.py` to the values of a multi-valued
attribute. `cost.py` counts what an operation costs, `subject.py` finds the attribute that a refusal is about. A value that is not understood is
refused; it never deletes anything. Begin with `operations.py`.
"""
