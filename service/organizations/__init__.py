"""The use cases of administrators. The command line calls them today; other ways in call the same functions.

`register.py` creates and finds organizations, `tokens.py` issues and revokes tokens, `clients.py` registers OAuth
clients and `listed_clients.py` lists them, `users.py` creates users
by hand, `people.py` and `groups.py` manage people and groups by hand, `personal_data.py` collects what is held on
one person, `role_groups.py` and `guard.py` are about who has which role and who loses access, `schemas.py` registers
extension schemas, `settings.py` changes settings, `first_start.py` creates what a new database needs.
They take who acts as a parameter and may not know how they were called. Begin with `register.py`.
"""
