"""PATCH (RFC 7644 §3.5.2): from a body to operations, and from operations to a document.

`path.py` reads paths, `operations.py` reads both dialects into operations, `apply.py` applies them to a
document. A value that is not understood is refused; it never deletes anything. Begin with `operations.py`.
"""
