"""What runs beside the requests, for as long as the service serves.

`followers.py` runs the followers of projections, `notifier.py` announces commits, `statistics.py` analyzes
newly filled tables, `release_watch.py` notices tables that another release has built, `login_renewal.py` renews
the service's login, `loop_watch.py` measures the event loop, `keys.py` learns of new keys, `token_expiry.py`
announces tokens that expire soon, `former_names.py` hashes names that a former release wrote, `gauges.py` sets
the gauges of queues. `periodic.py` goes
on after every failure.
Each is a task with an owner that awaits its end. None may hold up a request. Begin with `followers.py`.
"""
