"""Metrics that belong to no other folder, and how all of them are written out.

`exposed.py` writes the metrics of this process, or the sums over all workers. A metric stands beside what it measures;
here are those of what every request has. It knows prometheus-client, and nothing of SCIM.
Begin with `exposed.py`.
"""
