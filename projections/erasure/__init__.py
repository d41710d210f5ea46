"""Remove a person from the tables of every projection, those of rebuilds included.

`person.py` says who is erased. `sweep.py` has the registry of erasers, one line for each projection that holds more
than rows of the person's own stream, and goes over all schemas. `references.py` removes what rows of others say about
the person.
It knows tables and rows, and neither keys nor commands. Begin with `sweep.py`.
"""
