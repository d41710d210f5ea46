"""Bulk (RFC 7644 §3.7): many operations in one request, each answered as if it came alone.

`references.py` finds references by bulkId, `order.py` the order that they require, `operation.py` reads one
operation into a command, `bulk.py` carries the operations out in portions. Begin with `bulk.py`.
"""
