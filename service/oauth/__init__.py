"""OAuth 2: access tokens for clients that authenticate with a secret or with a JWT of their issuer.

`token_endpoint.py` serves POST /oauth2/token, `token_request.py` reads it, `errors.py` has its refusals (RFC 6749),
`grant.py` decides on it and issues the token. `assertion.py` checks a JWT of an issuer (RFC 7523), `key_sets.py`
caches the keys of issuers, `fetch.py` fetches them, `addresses.py` says which addresses are public, `sockets.py`
connects to no others, `replays.py` notes the assertions that were used. `metadata.py` describes the endpoint
(RFC 8414), `routes.py` adds the routes, `paths.py` has their paths. This folder knows nothing of SCIM; what an access
token permits is decided in `service/callers`. Begin with `grant.py`.
"""
