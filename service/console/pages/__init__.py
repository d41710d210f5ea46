"""The handlers of the pages, each beside its template in `service/console/templates`.

`signin.py` has the sign-in and the choices of a reader, `overview.py` the first page with its `overview_facts.py`.
`tokens.py`, `new_tokens.py`, `clients.py` and `accounts.py` are Token Management, `organization.py` has settings, console
access and schemas, `words.py` says what each scope permits, `files.py` refuses what a file cannot hold, `periods.py` reads
days, `fields.py` people and reasons.
A handler takes a ConsoleCall, calls a use case and shows a template; it decides nothing.
Begin with `overview.py`.
"""
