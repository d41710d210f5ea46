"""The shapes of hostile requests: what is sent, and how. All but a few are legal requests of a valid token.

`shape.py` says what a shape is and how a request is written; `bodies.py`, `patches.py`, `bulks.py`, `reads.py` and
`connections.py` hold the shapes by what is expensive in them. Begin with `shape.py`.
"""
