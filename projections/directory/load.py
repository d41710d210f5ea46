"""Load the states that a decision needs from the directory, as `evolve` left them."""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import asyncpg
import orjson

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.sealing.sealer import Sealer
from eventstore.slices import results_of
from projections.directory.rows import EXTERNAL_ID, USER_NAME, hash_name, user_attributes
from schema.events.client import Client, ClientSecret
from schema.events.group import Group, MemberType
from schema.events.hold import Hold
from schema.events.organization import Organization, RoleGroup, Suspension, Token
from schema.events.user import User

statement = statements_in(__package__)


PIECE = 2_000  # Ids or memberships in one statement.
ROWS = 1_000  # That are read without a break.
T = TypeVar("T")
NO_TOKENS: Mapping[UUID, Token] = {}
Members = dict[UUID, dict[UUID, MemberType]]  # Group → member → type.


async def load_users(
    connection: Connection, organization_id: UUID, ids: Collection[UUID]
) -> tuple[dict[UUID, User], dict[UUID, str]]:
    """Return users by id, and the groups of users who are in any, as in `Resource.related`."""
    rows = await load_user_rows(connection, organization_id, ids)
    groups = {row["id"]: row["groups"] for row in rows if row["groups"]}
    return {row["id"]: user_of(row) for row in rows}, groups


async def load_user_rows(
    connection: Connection, organization_id: UUID, ids: Collection[UUID]
) -> list[asyncpg.Record]:
    """Return the rows of users, each of which `user_of` reads, with their groups as in `Resource.related`."""
    rows: list[asyncpg.Record] = await connection.fetch(
        statement("load_users"), organization_id, list(ids)
    )
    return rows


def user_of(row: asyncpg.Record) -> User:
    """Return the state that a row of directory.users holds."""
    return User(
        id=row["id"],
        version=row["version"],
        created_at=row["created_at"],
        modified_at=row["modified_at"],
        origin=row["origin"],
        active=row["active"],
        role_id=row["role_id"],
        attributes=user_attributes(orjson.loads(row["document"])),
        kind=row["kind"],
        explicit_role_id=row["explicit_role_id"],
        role_group_id=row["role_group_id"],
    )


@dataclass(frozen=True, slots=True)
class Holders:
    """Which users hold names now, and which deleted users held them last."""

    users: dict[str, UUID]  # By folded userName.
    former_users: dict[str, UUID]  # By folded userName.
    former_external_ids: dict[str, UUID]  # By externalId.
    is_known: bool = False  # The organization has a row.


@dataclass(frozen=True, slots=True)
class Names:
    """Names that are looked for: folded userNames, and externalIds of deleted users."""

    user_names: Collection[str]
    external_ids: Collection[str]


NO_NAMES = Names((), ())


async def find_user_names(
    connection: Connection, wanted: Mapping[UUID, Names], sealer: Sealer
) -> dict[UUID, Holders]:
    """Return which users of organizations hold or held names. Those of deleted users are found by their hashes."""
    users = [(key, each) for key, names in wanted.items() for each in names.user_names]
    external = [(key, each) for key, names in wanted.items() for each in names.external_ids]
    hashes = await _hashes(sealer, USER_NAME, users)
    external_hashes = await _hashes(sealer, EXTERNAL_ID, external)
    names = [each for _, each in users]
    if len(wanted) == 1:  # Postgres plans this one once, and the other for each number of names.
        [organization_id] = wanted
        of_one = await connection.fetch(
            statement("find_user_names"), organization_id, names, hashes, external_hashes
        )
        rows = [(organization_id, *row) for row in of_one]
    else:
        rows = await connection.fetch(
            statement("find_user_names_of_many"),
            list(wanted),
            [key for key, _ in users],
            names,
            hashes,
            [key for key, _ in external],
            external_hashes,
        )
    former = {(key, hashed): each for (key, each), hashed in zip(users, hashes, strict=True)}
    found = {key: Holders({}, {}, {}) for key in wanted}
    known = {key for key, _, _, kind in rows if kind == "organization"}
    former_external = {
        (key, hashed): each for (key, each), hashed in zip(external, external_hashes, strict=True)
    }
    for key, name, user_id, kind in rows:
        if kind == "user":
            found[key].users[name] = user_id
        elif kind == "former":
            found[key].former_users[former[key, name]] = user_id
        elif kind == "former external":
            found[key].former_external_ids[former_external[key, name]] = user_id
    return {key: replace(each, is_known=key in known) for key, each in found.items()}


async def hashes_of(
    sealer: Sealer, organization_id: UUID, names: Names
) -> tuple[list[str], list[str]]:
    """Return the hashes under which deleted users are remembered: of userNames, and of externalIds."""
    users = await _hashes(sealer, USER_NAME, [(organization_id, each) for each in names.user_names])
    external = [(organization_id, each) for each in names.external_ids]
    return users, await _hashes(sealer, EXTERNAL_ID, external)


async def _hashes(sealer: Sealer, kind: str, names: Iterable[tuple[UUID, str]]) -> list[str]:
    return await results_of(lambda each: hash_name(sealer, each[0], kind, each[1]), names)


async def find_mentioning(
    connection: Connection, organization_id: UUID, names: Collection[str]
) -> set[UUID]:
    """Return the users whose manager may be named by one of some texts, which are folded. Some of them are not."""
    written = [orjson.dumps(each.lower()).decode()[1:-1] for each in names]
    rows = await connection.fetch(statement("find_mentioning"), organization_id, written)
    return {row["id"] for row in rows}


async def load_groups(
    connection: Connection, organization_id: UUID, ids: Collection[UUID], members: Members
) -> dict[UUID, Group]:
    """Return groups by id, with the given members. Ids that do not exist are left out."""
    rows = await connection.fetch(statement("load_groups"), organization_id, list(ids))
    return {row["id"]: group_of(row, members.get(row["id"], {})) for row in rows}


def group_of(row: asyncpg.Record, members: dict[UUID, MemberType]) -> Group:
    """Return the state that a row of directory.groups holds."""
    attributes = orjson.loads(row["document"])
    del attributes["schemas"]
    return Group(
        id=row["id"],
        version=row["version"],
        created_at=row["created_at"],
        modified_at=row["modified_at"],
        attributes=attributes,
        member_count=row["member_count"],
        members=members,
    )


async def load_holds(
    connection: Connection, organization_id: UUID, ids: Collection[UUID]
) -> dict[UUID, Hold]:
    """Return holds by id. Ids that do not exist are left out."""
    rows = await connection.fetch(statement("load_holds"), organization_id, list(ids))
    return {row["id"]: Hold(**row) for row in rows}


async def find_group_names(
    connection: Connection, organization_id: UUID, keys: Collection[str]
) -> dict[str, UUID]:
    """Return which group holds each folded displayName. Free names are left out."""
    return dict(await connection.fetch(statement("find_group_names"), organization_id, list(keys)))


async def load_members(
    connection: Connection, organization_id: UUID, named: Mapping[UUID, Collection[UUID]]
) -> Members:
    """Return, for each group, which of the ids that are named for it are members."""
    members: Members = {}
    for some in pieces([(group_id, each) for group_id, ids in named.items() for each in ids]):
        rows = await connection.fetch(
            statement("load_members"), organization_id, *zip(*some, strict=True)
        )
        for group_id, member_id, member_type in rows:
            members.setdefault(group_id, {})[member_id] = member_type
    return members


async def load_all_members(
    connection: Connection, organization_id: UUID, groups: Collection[UUID]
) -> Members:
    """Return all members of some groups."""
    return await _by_group(
        await connection.fetch(statement("load_all_members"), organization_id, list(groups))
    )


async def load_memberships(
    connection: Connection, organization_id: UUID, ids: Collection[UUID], *, limit: int
) -> Members:
    """Return the groups that some ids belong to, with only those ids as members: at most `limit` pairs."""
    return await _by_group(
        await connection.fetch(statement("load_memberships"), organization_id, list(ids), limit)
    )


class Counts(NamedTuple):
    """How many members groups have, and how many groups users or groups are in, by id."""

    members: dict[UUID, int]
    groups: dict[UUID, int]


async def count_members(
    connection: Connection,
    organization_id: UUID,
    groups: Collection[UUID],
    members: Collection[UUID],
) -> Counts:
    """Return how many members some groups have, and how many groups some users or groups are in."""
    rows = await connection.fetch(
        statement("count_members"), organization_id, list(groups), list(members)
    )
    return Counts(
        {row["id"]: row["members"] for row in rows if row["members"]},
        {row["id"]: row["groups"] for row in rows if row["groups"]},
    )


def pieces(values: Sequence[T], size: int = PIECE) -> Iterator[Sequence[T]]:
    """Yield values in pieces that one statement handles in a few milliseconds."""
    for begin in range(0, len(values), size):
        yield values[begin : begin + size]


async def _by_group(rows: list[asyncpg.Record]) -> Members:
    members: Members = {}
    for begin in range(0, len(rows), ROWS):
        for group_id, member_id, member_type in rows[begin : begin + ROWS]:
            members.setdefault(group_id, {})[member_id] = member_type
        if len(rows) > ROWS:
            await asyncio.sleep(0)  # Let other tasks run.
    return members


async def find_member_types(
    connection: Connection, organization_id: UUID, ids: Collection[UUID]
) -> dict[UUID, MemberType]:
    """Return for each id whether it is a user or a group. Unknown ids are left out."""
    found: dict[UUID, MemberType] = {}
    for some in pieces(list(ids)):
        found |= await connection.fetch(statement("find_member_types"), organization_id, some)
    return found


async def load_organization(
    connection: Connection, organization_id: UUID, *, with_tokens: bool
) -> Organization | None:
    """Return an organization, or None if there is none; with its tokens and OAuth clients only if asked."""
    row = await connection.fetchrow(statement("load_organization"), organization_id)
    if row is None:
        return None
    if not with_tokens:
        return organization_of(row)
    tokens = await load_tokens(connection, organization_id)
    clients = await load_clients(connection, organization_id)
    return replace(organization_of(row, tokens), clients=clients)


def organization_of(row: asyncpg.Record, tokens: Mapping[UUID, Token] = NO_TOKENS) -> Organization:
    """Return the state that a row of directory.organizations holds, with the given tokens."""
    role_groups = orjson.loads(row["role_groups"])
    return Organization(
        id=row["organization_id"],
        version=row["version"],
        created_at=row["created_at"],
        name=row["name"],
        roles={name: UUID(role_id) for name, role_id in orjson.loads(row["roles"]).items()},
        tokens=tokens,
        schemas=orjson.loads(row["schemas"]),
        settings=orjson.loads(row["settings"]),
        suspension=_suspension_of(row),
        role_groups=tuple(map(RoleGroup.model_validate, role_groups.get("items", ()))),
        explicit_wins=role_groups.get("explicitWins", True),
    )


def _suspension_of(row: asyncpg.Record) -> Suspension | None:
    since, reason = row["suspended_at"], row["suspension_reason"]
    return Suspension(since, reason) if since else None


async def load_tokens(connection: Connection, organization_id: UUID) -> dict[UUID, Token]:
    """Return the tokens of an organization by id, oldest first."""
    rows = await connection.fetch(statement("load_tokens"), organization_id)
    return {row["id"]: token_of(row) for row in rows}


def token_of(row: asyncpg.Record) -> Token:
    """Return the state that a row of directory.tokens holds."""
    return Token(
        id=row["id"],
        jti_hash=row["jti_hash"],
        account_id=row["account_id"],
        label=row["label"],
        scope=row["scope"],
        issued_at=row["issued_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        allowed_networks=tuple(row["allowed_networks"]),
    )


async def load_clients(connection: Connection, organization_id: UUID) -> dict[UUID, Client]:
    """Return the OAuth clients of an organization by id, oldest first."""
    rows = await connection.fetch(statement("load_clients"), organization_id)
    return {row["id"]: client_of(row) for row in rows}


def client_of(row: asyncpg.Record) -> Client:
    """Return the state that a row of directory.clients holds."""
    secrets = [secret_of(each) for each in orjson.loads(row["secrets"])]
    return Client(
        id=row["id"],
        account_id=row["account_id"],
        label=row["label"],
        kind=row["kind"],
        scopes=tuple(row["scopes"]),
        issuer=row["issuer"],
        subjects=tuple(row["subjects"]),
        audiences=tuple(row["audiences"]),
        created_at=row["created_at"],
        revoked_at=row["revoked_at"],
        secrets={each.id: each for each in secrets},
    )


def secret_of(read: Mapping[str, Any]) -> ClientSecret:
    """Return a client's secret from the JSON in its row."""
    revoked_at = read["revokedAt"]
    return ClientSecret(
        id=UUID(read["id"]),
        secret_hash=read["secretHash"],
        created_at=datetime.fromisoformat(read["createdAt"]),
        expires_at=datetime.fromisoformat(read["expiresAt"]),
        revoked_at=datetime.fromisoformat(revoked_at) if revoked_at else None,
    )
