"""Who has which role through groups, and who loses access.

`role_groups.py` reads, previews and saves the list of role groups. `guard.py` reads and sets the guard, lists holds,
and decides on them. Like all use cases they do not know how they were called. Begin with `role_groups.py`.
"""
