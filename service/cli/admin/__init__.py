"""The commands for what the admin API offers too: they call the same use cases.

`organizations.py` has the commands about organizations, `accounts.py` those about technical accounts, `tokens.py`
those about tokens, `clients.py` those about OAuth clients, `role_groups.py` and `guard.py` those about roles and access.
What only an operator may do is here alone: suspend an organization, grant certain scopes.
Each module defines a command group, which `service/cli/commands.py` adds. Begin with `tokens.py`.
"""
