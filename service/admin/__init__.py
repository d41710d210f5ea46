"""The admin API, /api/admin/v1: an organization's administrator sets up and runs provisioning with it.

`routes.py` is its table. `messages.py` holds its messages. The other modules have the handlers: `organization.py`
for the organization, its roles and its schemas; `accounts.py` for technical accounts; `tokens.py` for tokens;
`people.py` and `groups.py` for people and groups, `clients.py` for OAuth clients; `people_messages.py` and
`client_messages.py` hold their messages. `role_groups.py` and `guard.py` have theirs, and their routes are in
`guard_routes.py`. Each handler calls a use case of service/organizations, as the
command line does, and decides nothing. Begin with `routes.py`.
"""
