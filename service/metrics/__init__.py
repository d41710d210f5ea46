"""Metrics that belong to no other folder, and how all of them are written out.

`exposed.py` writes the metrics of this process, or the sums over all workers. `requests.py` has those of every request,
`writes.py` those of lanes and the pool. Any other metric stands beside what it measures. This folder knows prometheus-client, and nothing of SCIM.
Begin with `exposed.py`.
"""
