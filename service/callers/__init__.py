"""Who makes a request: from a bearer token to a caller.

`access_tokens.py` makes and reads tokens, `signing_keys.py` holds the keys that sign them, `authenticate.py`
finds the state behind a token, `scopes.py` names what a token permits, `rates.py` which rate limits it has, `caller.py` is the caller as a decision
sees it. This folder knows nothing of what the caller wants. Begin with `authenticate.py`.
"""
