"""Grant an access token: find the client, check that it is the client, and sign (RFC 6749 §4.4)."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, assert_never
from uuid import UUID

import asyncpg

from eventstore.postgres.pool import borrowed
from projections.directory.access import TokenState, find_client, find_client_state
from schema.events.client import Client, Kind
from service.callers.access_tokens import encode_token
from service.callers.authenticate import reason_of
from service.callers.client_secrets import hash_secret, is_same_hash
from service.callers.scopes import granted
from service.callers.signing_keys import SigningKey
from service.ids import as_id
from service.limits.fair_share import FairShare
from service.oauth.assertion import (
    LEEWAY,
    Accepted,
    UnverifiedAssertion,
    check_claims,
    check_signature,
    read_assertion,
)
from service.oauth.errors import InvalidClient, InvalidScope, IssuerUnavailable, OAuthError
from service.oauth.fetch import KeysUnavailable, KeysUnusable
from service.oauth.key_sets import KeySets, PublicKey
from service.oauth.replays import use_assertion
from service.oauth.token_request import AssertionCredentials, SecretCredentials, TokenRequest

LOOKUP_TIMEOUT_S = 5.0
JTI_BYTES = 16
WRONG = "The client id or its proof is wrong."  # One text for all: nobody learns which ids exist.


@dataclass(frozen=True, slots=True)
class Granted:
    """An access token, and what is said about it."""

    access_token: str
    expires_in_s: int
    scopes: tuple[str, ...]
    client_id: UUID
    organization_id: UUID


@dataclass(frozen=True, slots=True)
class Found:
    """A client, and what stands behind it."""

    client: Client
    state: TokenState


class Granter:
    """Grants access tokens."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        signing_key: Callable[[], SigningKey],
        key_sets: KeySets,
        share: FairShare,
        *,
        lifetime: timedelta,
    ) -> None:
        self._pool, self._signing_key, self._key_sets = pool, signing_key, key_sets
        self._share, self._lifetime = share, lifetime

    async def grant(self, request: TokenRequest) -> Granted:
        """Return an access token. Errors: OAuthError, Unavailable, and asyncpg's."""
        match request.credentials:
            case SecretCredentials() as sent:
                found = await self._find(sent.client_id, "secret")
                with naming(found):
                    check_secret(found.client, sent.secret, datetime.now(UTC))
                    return self._signed(found, request.scopes)
            case AssertionCredentials() as sent:
                assertion = read_assertion(sent.assertion)
                named = assertion.subject if sent.client_id is None else sent.client_id
                found = await self._find(named, "federated")
                with naming(found):
                    accepted = await self._check(found.client, assertion)
                    signed = self._signed(found, request.scopes)
                    # Last, so that what is refused for another reason may be sent again.
                    await self._use(found.client, accepted)
                    return signed
            case _:
                assert_never(request.credentials)

    async def _find(self, named: Any, kind: Kind) -> Found:
        """Return the client of an id, if it authenticates in this way. Errors: InvalidClient, Unavailable."""
        client_id = as_id(named) if isinstance(named, str) else None
        if client_id is None:
            raise InvalidClient("client_unknown", WRONG)
        async with (
            self._share.slot(client_id),
            borrowed(self._pool, timeout_s=LOOKUP_TIMEOUT_S) as connection,
        ):
            client = await find_client(connection, client_id)
            state = await find_client_state(connection, client_id)
        if client is None or state is None:
            raise InvalidClient("client_unknown", WRONG)
        found = Found(client, state)
        if client.kind != kind:
            with naming(found):
                raise InvalidClient("client_kind", WRONG)
        return found

    async def _check(self, client: Client, assertion: UnverifiedAssertion) -> Accepted:
        """Check an assertion. Keys are asked of the client's issuer only, never of one that it names itself."""
        issuer = client.issuer
        if issuer is None or assertion.issuer != issuer:
            raise InvalidClient("issuer", "The assertion is not of the issuer of the client.")
        key = await self._key(issuer, assertion)
        claims = check_signature(assertion, key)
        return check_claims(claims, client, datetime.now(UTC))

    async def _key(self, issuer: str, assertion: UnverifiedAssertion) -> PublicKey:
        try:
            key = await self._key_sets.find(issuer, assertion.kid, assertion.algorithm)
        except KeysUnavailable as problem:
            raise IssuerUnavailable("keys_unavailable", str(problem)) from problem
        except KeysUnusable as problem:
            raise InvalidClient("keys_unusable", str(problem)) from problem
        if key is None:
            raise InvalidClient("kid_unknown", "The issuer publishes no key of the kid.")
        return key

    def _signed(self, found: Found, wanted: tuple[str, ...]) -> Granted:
        """Return the token. Errors: InvalidClient if what stands behind the client may not be used; InvalidScope."""
        client, state = found.client, found.state
        if reason := reason_of(state, "client"):
            raise InvalidClient("client_state", reason)
        scopes = granted_scopes(client.scopes, wanted)
        now = datetime.now(UTC).replace(microsecond=0)
        token = encode_token(
            self._signing_key(),
            organization_id=state.organization.id,
            account_id=client.account_id,
            client_id=client.id,
            jti=secrets.token_urlsafe(JTI_BYTES),
            scope=" ".join(scopes),
            issued_at=now,
            expires_at=now + self._lifetime,
        )
        lifetime_s = int(self._lifetime.total_seconds())
        return Granted(token, lifetime_s, scopes, client.id, state.organization.id)

    async def _use(self, client: Client, accepted: Accepted) -> None:
        """Note the jti of an assertion, if it has one. Errors: InvalidClient if it was used before."""
        if accepted.jti is None or client.issuer is None:
            return
        until = accepted.expires_at + 2 * LEEWAY  # The clocks of processes differ too.
        async with (
            self._share.slot(client.id),
            borrowed(self._pool, timeout_s=LOOKUP_TIMEOUT_S) as connection,
        ):
            await use_assertion(connection, client.issuer, accepted.jti, until)


@contextmanager
def naming(found: Found) -> Iterator[None]:
    """Note on each refusal in the block whose it is: the log names a client that exists."""
    try:
        yield
    except OAuthError as refusal:
        refusal.client_id, refusal.organization_id = found.client.id, found.state.organization.id
        raise


def check_secret(client: Client, secret: str, now: datetime) -> None:
    """Refuse a secret that the client does not have, or no longer. Errors: InvalidClient."""
    sent = hash_secret(secret)
    # All are compared: how long that takes depends neither on the secret nor on which one it is.
    same = [each for each in client.secrets.values() if is_same_hash(each.secret_hash, sent)]
    if not same:
        raise InvalidClient("secret_wrong", WRONG)
    if same[0].revoked_at:
        raise InvalidClient("secret_revoked", "The secret of the client was revoked.")
    if not same[0].is_live(now):
        ended = f"{same[0].expires_at:%Y-%m-%d}"
        raise InvalidClient("secret_expired", f"The secret of the client expired on {ended}.")


def granted_scopes(held: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return the scopes of a token: those that were asked for, or all of the client. Errors: InvalidScope."""
    if not granted(frozenset(held)).issuperset(wanted):
        raise InvalidScope("scope", f"The scopes of the client are: {' '.join(held)}.")
    return tuple(dict.fromkeys(wanted)) or held
