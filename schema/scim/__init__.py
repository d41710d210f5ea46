"""SCIM as data: what RFC 7643 defines, and the parts of RFC 7644 that are pure.

A resource is a document, the JSON itself. The definitions that are served at /Schemas decide how a
document is read: type, mutability, returned, uniqueness and caseExact. Begin with `attributes.py`.
"""
