"""Operations, for the engineer on call: projections, what is parked, health. No page of it holds personal data.

`status.py` shows projections and what runs, and starts and stops it; `works.py` runs rebuilds, rollbacks and
verifications as processes of their own; `parked.py` has parked streams, `health.py` health and metrics, `names.py` the names
of organizations, `routes.py` is the table.
Begin with `status.py`.
"""
