"""The commands that erase: people, and organizations whose contract ends; and those that prevent it.

`people.py` has `audit erase` and `audit erasures`, `holds.py` has `audit hold`, `organizations.py` has
`organization export` and `organization erase`. `place.py` is what they need of the settings.
They decide nothing. Begin with `people.py`.
"""
