"""What commands print, as lines for a person or as JSON for a program.

`lists.py`, `tokens.py` and `clients.py` print the resources of an organization, `guard.py` role groups and holds,
`projections.py` the state of projections, `audit.py` the answers to auditors, `cycles.py` those about provisioning,
`findings.py` and `json_differences.py` what a comparison found, `welcome.py` what `serve` says when it starts,
`progress.py` how far long work has got.
It may read, but it changes nothing and decides no exit code. Begin with `lists.py`.
"""
