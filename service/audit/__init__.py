"""The audit API, /api/audit/v1: who had which role on which day, and who changed it.

`routes.py` is its table, `messages.py` holds its messages, `events.py` has the handlers of searches and timelines,
`past.py` those of holders, members and access, `as_of.py` those of the directory as it was, `cycles.py` those of
provisioning cycles with their `cycle_messages.py`, `erasures.py` those of erasures with
`erasure_messages.py`, `files.py` those of exports and reports, `proof.py` those of checkpoints,
proofs and evidence with their `proof_messages.py`, `parameters.py` turns parameters into what the use cases of
service/replay take. It decides nothing. Begin with `routes.py`.
"""
