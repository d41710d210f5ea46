"""Other people's servers, as the benchmark runs them, and what it installs for that.

Their scripts run in an environment of their own, so they import nothing of this repository.
"""
