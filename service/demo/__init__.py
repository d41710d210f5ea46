"""A year of an invented company, for whoever wants to try the questions of an auditor.

`people.py` invents the people, `client.py` sends requests as an identity provider and an administrator do, `year.py` says what
happened, week by week, and `make.py` runs a service of its own, whose clock is in the past, and lets the year happen through
its API. Everything comes from a seed. It is made in a database without an organization, and refused in any other.
Begin with `year.py`.
"""
