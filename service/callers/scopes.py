"""Scopes: what a token lets its bearer do (RFC 6749 §3.3). Every route names those of which one lets in."""

from typing import Final

SCIM: Final = "scim"  # Everything that SCIM offers.
SCIM_READ: Final = "scim:read"  # What changes nothing: GET, and POST to /.search.

READ = frozenset({SCIM, SCIM_READ})
WRITE = frozenset({SCIM})


def read_scopes(text: str) -> frozenset[str]:
    """Return the scopes of a token's claim: names with blanks between them, in any order."""
    return frozenset(text.split())
