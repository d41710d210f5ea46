"""The events of OAuth clients: who may get access tokens, and how they prove that it is they (RFC 6749 §2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from schema.events.event import Event, Place

Kind = Literal["secret", "federated"]


class ClientRegistered(Event):
    """An OAuth client was registered for a technical account.

    A client of the kind `secret` proves itself by a secret. A `federated` one does so by a JWT of its `issuer`
    (RFC 7523), for one of the `audiences`, about one of the `subjects`.
    """

    client_id: UUID
    account_id: UUID
    label: str
    kind: Kind
    scopes: tuple[str, ...]
    issuer: str | None = None
    subjects: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()


class ClientSecretAdded(Event):
    """A client has one more secret; only a hash of it is stored."""

    client_id: UUID
    secret_id: UUID
    secret_hash: (
        str  # SHA-256 in hexadecimal. The secret is random, so the hash cannot be guessed back.
    )
    expires_at: datetime


class ClientSecretRevoked(Event):
    """A secret is no longer accepted. Access tokens that it led to work until they expire."""

    client_id: UUID
    secret_id: UUID


class ClientTrustChanged(Event):
    """A federated client is trusted for other audiences or subjects; both lists are whole."""

    client_id: UUID
    subjects: tuple[str, ...]
    audiences: tuple[str, ...]


class ClientRevoked(Event):
    """A client gets no access token any more, and those that it has are no longer accepted."""

    client_id: UUID


ClientEvent = (
    ClientRegistered | ClientSecretAdded | ClientSecretRevoked | ClientTrustChanged | ClientRevoked
)


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """A secret of a client, as the log describes it."""

    id: UUID
    secret_hash: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        """Return whether the secret is accepted."""
        return self.revoked_at is None and self.expires_at > now


@dataclass(frozen=True, slots=True)
class Client:
    """An OAuth client, as the log describes it."""

    id: UUID
    account_id: UUID
    label: str
    kind: Kind
    scopes: tuple[str, ...]
    issuer: str | None
    subjects: tuple[str, ...]
    audiences: tuple[str, ...]
    created_at: datetime
    revoked_at: datetime | None = None
    secrets: Mapping[UUID, ClientSecret] = field(default_factory=dict)  # Oldest first.

    def live_secrets(self, now: datetime) -> list[ClientSecret]:
        """Return the secrets that are accepted, oldest first."""
        return [each for each in self.secrets.values() if each.is_live(now)]


def evolve(clients: Mapping[UUID, Client], event: ClientEvent, place: Place) -> dict[UUID, Client]:
    """Return the clients of an organization after an event. Pure."""
    return {**clients, event.client_id: _evolved(clients.get(event.client_id), event, place)}


def _evolved(former: Client | None, event: ClientEvent, place: Place) -> Client:
    if isinstance(event, ClientRegistered):
        return Client(
            id=event.client_id,
            account_id=event.account_id,
            label=event.label,
            kind=event.kind,
            scopes=event.scopes,
            issuer=event.issuer,
            subjects=event.subjects,
            audiences=event.audiences,
            created_at=place.recorded_at,
        )
    assert former is not None, f"{type(event).__name__} before ClientRegistered"
    match event:
        case ClientSecretAdded():
            added = ClientSecret(
                event.secret_id, event.secret_hash, place.recorded_at, event.expires_at
            )
            return _with_secret(former, added)
        case ClientSecretRevoked():
            secret = former.secrets[event.secret_id]
            return _with_secret(former, replace(secret, revoked_at=place.recorded_at))
        case ClientTrustChanged():
            return replace(former, subjects=event.subjects, audiences=event.audiences)
        case ClientRevoked():
            return replace(former, revoked_at=place.recorded_at)


def _with_secret(client: Client, secret: ClientSecret) -> Client:
    return replace(client, secrets={**client.secrets, secret.id: secret})
