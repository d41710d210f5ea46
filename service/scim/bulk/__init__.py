"""Bulk (RFC 7644 §3.7): many operations in one request, each answered as if alone.

`order.py` finds the order that references by bulkId ask for, `operation.py` reads one operation into a
command, `bulk.py` carries them out in portions. Begin with `bulk.py`.
"""
