"""The store's way to Postgres: what is said to the driver, and what the driver's errors mean.

`outages.py` has the one table from an error of the driver, or of the network, to its meaning. Everybody who
catches such an error matches on that meaning, and on no exception class. The room knows nothing of events.
"""
