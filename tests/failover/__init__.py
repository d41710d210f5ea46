"""A Patroni cluster of three nodes on this machine, and what a failover costs: `make failover`."""
