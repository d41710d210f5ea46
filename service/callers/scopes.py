"""Scopes: what a token permits (RFC 6749 §3.3). Every route names scopes, and a token needs one of them."""

from collections.abc import Collection
from typing import Final

from schema.scim.errors import InvalidValue

SCIM: Final = "scim"  # Everything that SCIM offers.
SCIM_READ: Final = "scim:read"  # Requests that change nothing: GET, and POST to /.search.

READ = frozenset({SCIM, SCIM_READ})
WRITE = frozenset({SCIM})
GRANTABLE = READ  # What an administrator may give a client.


def read_scopes(text: str) -> frozenset[str]:
    """Return the scopes in a token's claim: names separated by blanks, in any order."""
    return frozenset(text.split())


def is_included(scope: str, held: Collection[str]) -> bool:
    """Return whether scopes include another one: each includes itself, and X includes X:read."""
    return scope in held or (scope.endswith(":read") and scope.removesuffix(":read") in held)


def refuse_ungrantable(scopes: Collection[str]) -> None:
    """Refuse scopes that do not exist, or that nobody may give away. Errors: InvalidValue."""
    if wrong := sorted(set(scopes) - GRANTABLE):
        raise InvalidValue(
            f"There is no scope {wrong[0]!r} to give: the scopes are {', '.join(sorted(GRANTABLE))}."
        )
