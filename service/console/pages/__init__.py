"""The handlers of the pages, each beside its template in `service/console/templates`.

`signin.py` has the sign-in and the choices of a reader, `overview.py` the first page.
A handler takes a ConsoleCall, calls a use case and shows a template; it decides nothing.
Begin with `overview.py`.
"""
