"""The operators' API, /api/operate/v1: what concerns all organizations, for whoever runs the service.

`tokens.py` issues, finds and revokes the tokens of operators, which belong to no organization and are made on the
command line only. `authenticate.py` finds out who calls, `routes.py` is the table of the API with its handlers.
Begin with `routes.py`.
"""
