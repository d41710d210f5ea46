"""The public keys of issuers, by kid: fetched when needed, rarely, and kept (RFC 7517, OpenID Connect Discovery §4)."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from service.callers.issuers import IssuerRules
from service.oauth.fetch import KeysUnavailable, KeysUnusable, fetch_json, list_at, text_at

FETCH_TIMEOUT_S = 5.0  # For the issuer's description and its keys together.
FRESH_S = 3_600.0  # Older keys are fetched again: the issuer may have withdrawn one.
KEPT_S = 86_400.0  # For so long keys are used although the issuer does not answer.
REFETCH_S = 60.0  # At most one fetch per issuer in this time, whatever its clients send.
KEYS_MAX = 100
ISSUERS_MAX = 1_000  # Kept in memory.
FETCHES_MAX = 8  # At the same time; a slow issuer must not hold up the others for long.
RSA_BITS_MIN, RSA_BITS_MAX = 2_048, 8_192  # A longer one only costs time.
RS256, ES256 = "RS256", "ES256"
ALGORITHMS = (RS256, ES256)
NEVER = float("-inf")

PublicKey: TypeAlias = RSAPublicKey | EllipticCurvePublicKey
Name = tuple[str, str]  # kid, algorithm

log = structlog.get_logger()


@dataclass(slots=True)
class KeySet:
    """The keys of an issuer as they were last fetched, and what went wrong at the last attempt."""

    keys: Mapping[Name, PublicKey] = field(default_factory=dict)
    fetched_at_s: float = NEVER
    tried_at_s: float = NEVER
    problem: KeysUnavailable | KeysUnusable | None = None
    fetch: asyncio.Task[None] | None = None


class KeySets:
    """Finds keys. One issuer is asked at most once a minute, and once for all requests that wait."""

    def __init__(
        self, rules: IssuerRules, *, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._rules, self._clock_s = rules, clock_s
        self._sets: OrderedDict[str, KeySet] = OrderedDict()
        self._fetches = asyncio.Semaphore(FETCHES_MAX)

    async def find(self, issuer: str, kid: str, algorithm: str) -> PublicKey | None:
        """Return a key of an issuer, or None if it publishes none of this kid for this algorithm.

        Errors: KeysUnavailable, KeysUnusable.
        """
        held, name = self._held(issuer), (kid, algorithm)
        age_s = self._clock_s() - held.fetched_at_s
        if name not in held.keys or age_s > FRESH_S:
            await self._refresh(issuer, held)
        if self._clock_s() - held.fetched_at_s > KEPT_S:
            held.keys = {}
        found = held.keys.get(name)
        if found is None and held.problem is not None:
            raise type(held.problem)(*held.problem.args)
        return found

    def _held(self, issuer: str) -> KeySet:
        held = self._sets.setdefault(issuer, KeySet())
        self._sets.move_to_end(issuer)
        if len(self._sets) > ISSUERS_MAX:
            self._sets.popitem(last=False)
        return held

    async def _refresh(self, issuer: str, held: KeySet) -> None:
        """Fetch keys unless that was tried within the last minute; wait for a fetch that is under way."""
        if held.fetch is None:
            if self._clock_s() - held.tried_at_s < REFETCH_S:
                return
            held.tried_at_s = self._clock_s()
            held.fetch = asyncio.create_task(self._fetch(issuer, held))
        await asyncio.shield(held.fetch)

    async def _fetch(self, issuer: str, held: KeySet) -> None:
        try:
            async with asyncio.timeout(FETCH_TIMEOUT_S), self._fetches:
                held.keys = await fetch_keys(issuer, self._rules)
            held.fetched_at_s, held.problem = self._clock_s(), None
        except TimeoutError:
            held.problem = KeysUnavailable(f"The issuer needs more than {FETCH_TIMEOUT_S:g} s.")
        except (KeysUnavailable, KeysUnusable) as problem:
            held.problem = problem
        finally:
            held.fetch = None
        if held.problem:
            log.warning("issuer_keys_not_fetched", issuer=issuer, reason=str(held.problem))


async def fetch_keys(issuer: str, rules: IssuerRules) -> Mapping[Name, PublicKey]:
    """Return the keys of an issuer that we can use. Errors: KeysUnavailable, KeysUnusable."""
    described = await fetch_json(f"{issuer.rstrip('/')}/.well-known/openid-configuration", rules)
    if text_at(described, "issuer") != issuer:
        raise KeysUnusable("The issuer describes itself by another name.")
    published = await fetch_json(text_at(described, "jwks_uri"), rules)
    found: dict[Name, PublicKey] = {}
    for each in list_at(published, "keys", KEYS_MAX):
        usable = read_key(each)
        if usable is not None:
            found.setdefault(*usable)
    return found


def read_key(published: Any) -> tuple[Name, PublicKey] | None:
    """Return a key of a JWK set with its name; None if it is no key for signatures of ours, or has no kid."""
    if not isinstance(published, dict) or not isinstance(published.get("kid"), str):
        return None
    operations = published.get("key_ops", ["verify"])
    is_for_signing = (
        published.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
    )
    algorithm, members = _kind(published)
    if not is_for_signing or published.get("alg", algorithm) != algorithm or not algorithm:
        return None
    # Only the public members: a private one has no business there, and would cost us time.
    public = {name: published.get(name) for name in members}
    try:
        key: Any = jwt.PyJWK(public, algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    if isinstance(key, RSAPublicKey) and not RSA_BITS_MIN <= key.key_size <= RSA_BITS_MAX:
        return None
    return (published["kid"], algorithm), key


def _kind(published: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Return the one algorithm that a key is for, and its public members; empty if it is for none of ours."""
    if published.get("kty") == "RSA":
        return RS256, ("kty", "n", "e")
    if published.get("kty") == "EC" and published.get("crv") == "P-256":
        return ES256, ("kty", "crv", "x", "y")
    return "", ()
