"""The use cases of administrators. The command line and the admin API call the same functions.

`register.py` creates and finds organizations, `manage.py` renames and suspends them, `settings.py` changes their
settings, `schemas.py` registers extension schemas. `accounts.py` creates technical accounts, `tokens.py` issues,
rotates and revokes tokens, `listing.py` lists both. `clients.py`
registers OAuth clients and `listed_clients.py` lists them. `users.py` creates users by hand, `people.py` and `groups.py`
manage people and groups by hand, `personal_data.py` collects what is held on one person, `access/` is about who has
which role through groups and who loses access, `first_start.py` creates
what a new database needs.
They take who acts as a parameter and may not know how they were called. Begin with `register.py`.
"""
