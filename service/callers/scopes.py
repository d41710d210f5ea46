"""Scopes: what a token permits (RFC 6749 §3.3). Every route names one scope, and a token must grant it."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Literal

from schema.scim.errors import InvalidValue

Scope = Literal[
    "scim",
    "scim:read",
    "admin",
    "admin:read",
    "audit:read",
    "audit:export",
    "audit:erase",
    "feed:read",
    "operate",
]
SCIM: Final = "scim"
SCIM_READ: Final = "scim:read"
ADMIN: Final = "admin"
ADMIN_READ: Final = "admin:read"
AUDIT_READ: Final = "audit:read"
AUDIT_EXPORT: Final = "audit:export"
AUDIT_ERASE: Final = "audit:erase"
FEED_READ: Final = "feed:read"
OPERATE: Final = "operate"

MEANINGS: Final[Mapping[Scope, str]] = MappingProxyType(
    {
        SCIM: "Everything that SCIM offers.",
        SCIM_READ: "SCIM requests that change nothing: GET, and POST to /.search.",
        ADMIN: "Everything that the admin API offers.",
        ADMIN_READ: "GET on the admin API.",
        AUDIT_READ: "Search the log, read the past, check the proof.",
        AUDIT_EXPORT: "Export the log, reports and evidence.",
        AUDIT_ERASE: "Erase a person.",
        FEED_READ: "Follow new events.",
        OPERATE: "Operate the service. It belongs to no organization.",
    }
)
COMMAND_LINE_ONLY: Final = frozenset(
    {AUDIT_ERASE, OPERATE}
)  # No caller of the API may grant these.
DEFAULT: Final[tuple[Scope, ...]] = (SCIM,)


def read_scopes(text: str) -> frozenset[str]:
    """Return the scopes in a token's claim: names separated by blanks, in any order."""
    return frozenset(text.split())


def scope_text(scopes: Iterable[str]) -> str:
    """Return scopes as a token's claim holds them: in the order of `MEANINGS`, then unknown ones."""
    named = frozenset(scopes)
    return " ".join([*(each for each in MEANINGS if each in named), *sorted(named - set(MEANINGS))])


@lru_cache(maxsize=1_024)
def granted(scopes: frozenset[str]) -> frozenset[str]:
    """Return all scopes that the scopes of a token grant: each, and for X also X:read. Unknown names stay."""
    return scopes | {f"{each}:read" for each in scopes if f"{each}:read" in MEANINGS}


def lacking(scope: str) -> str:
    """Return what a caller must change whose token does not grant a scope."""
    wider = scope.removesuffix(":read")
    enough = f" ({scope} is enough for reading)" if wider != scope and wider in MEANINGS else ""
    missing = wider if enough else scope
    return f"The token lacks the scope {missing}{enough}; use a token that has it."


def refuse_ungrantable(scopes: Iterable[str], source: str) -> None:
    """Refuse scopes that do not exist, or that this door may not grant to an organization. Errors: InvalidValue."""
    kept = {OPERATE} if source == "cli" else COMMAND_LINE_ONLY
    grantable = MEANINGS.keys() - kept
    for scope in scopes:
        if scope not in grantable:
            refusal = InvalidValue(
                f"There is no scope {scope[:100]!r} to grant here: there are "
                f"{', '.join(each for each in MEANINGS if each in grantable)}."
            )
            refusal.attribute = "scopes"
            raise refusal
