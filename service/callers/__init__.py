"""Who makes a request: from a bearer token to a caller.

`access_tokens.py` makes and reads tokens, `signing_keys.py` holds the keys that sign them, `authenticate.py`
finds what stands behind a token, `caller.py` is who a decision sees. It knows nothing of what the caller
wants. Begin with `authenticate.py`.
"""
