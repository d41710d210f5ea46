"""Requests beside the log: those that were refused or changed nothing, and the cycles that all requests form.

`kept.py` holds them in memory until they are written, so that no request waits; `flush.py` writes them every second,
`background.py` keeps that running. `findings.py` is the table of reasons: what was found, and what to change. `texts.py`
seals what a refusal says about somebody, `read.py` reads the tables, `count.py` counts what a cycle changed, `forget.py` forgets a person. It knows nothing of
HTTP. Begin with `kept.py`.
"""
