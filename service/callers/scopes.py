"""Scopes: what a token permits (RFC 6749 §3.3). Every route names scopes, and a token needs one of them."""

from typing import Final

SCIM: Final = "scim"  # Everything that SCIM offers.
SCIM_READ: Final = "scim:read"  # Requests that change nothing: GET, and POST to /.search.

READ = frozenset({SCIM, SCIM_READ})
WRITE = frozenset({SCIM})


def read_scopes(text: str) -> frozenset[str]:
    """Return the scopes in a token's claim: names separated by blanks, in any order."""
    return frozenset(text.split())
