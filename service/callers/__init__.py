"""Who makes a request: from a bearer token to a caller.

`access_tokens.py` makes and reads tokens, `client_secrets.py` hashes the secrets of OAuth clients, `signing_keys.py` holds
the keys that sign them, `authenticate.py` finds the state behind a token, `issuers.py` has the rules on who may
vouch for a client, `scopes.py` names what a token permits, `rates.py` which rate limits it has, `token_uses.py`
keeps when it was last used, `acting.py` makes a caller of a provenance, `caller.py` is the caller as a decision sees
it, `stopped_logs.py` the logs whose requests are stopped.
This folder knows nothing of what the caller wants. Begin with `authenticate.py`.
"""
