"""The requests of the load, as Entra sends them: bytes that are ready to be written to a socket."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import quote

import orjson

MEDIA_TYPE = "application/scim+json"
CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
CORE_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_USER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
PATCHES = 3  # Kinds of change: active, name, roleId.


@dataclass(frozen=True, slots=True)
class Target:
    """A server to send requests to. `path` is that of its SCIM endpoint."""

    port: int
    path: str
    token: str
    roles: tuple[str, ...] = ()  # Values of roleId.
    host: str = "127.0.0.1"

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """Return a request of HTTP/1.1."""
        sized = f"Content-Type: {MEDIA_TYPE}\r\nContent-Length: {len(body)}\r\n" if body else ""
        head = (
            f"{method} {self.path}{path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
            f"Authorization: Bearer {self.token}\r\nAccept: {MEDIA_TYPE}\r\n{sized}\r\n"
        )
        return head.encode() + body


@dataclass(slots=True)
class People:
    """The users that a server is known to have: their ids, and how often each was changed."""

    ids: list[str] = field(default_factory=list)
    visits: list[int] = field(default_factory=list)

    def take_from(self, answer: bytearray) -> None:
        """Take in the user of an answer to POST."""
        begin = answer.index(b'"', answer.index(b'"id":') + 5) + 1
        self.ids.append(answer[begin : answer.index(b'"', begin)].decode())
        self.visits.append(0)


def user_document(n: int) -> dict[str, object]:
    """Return what Entra posts for the n-th user by its default mapping."""
    given, family = f"Given{n % 997}", f"Family{n % 9973}"
    return {
        "schemas": [CORE_USER, ENTERPRISE_USER],
        "externalId": external_id(n),
        "userName": user_name(n),
        "active": True,
        "displayName": f"{given} {family}",
        "title": "Contract manager",
        "preferredLanguage": "en-US",
        "emails": [{"primary": True, "type": "work", "value": user_name(n)}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": f"{given} {family}", "familyName": family, "givenName": given},
        ENTERPRISE_USER: {"employeeNumber": f"{n:010d}", "department": "Legal"},
    }


def user_name(n: int) -> str:
    """Return the userName of the n-th user."""
    return f"user.{n:010d}@example.com"


def external_id(n: int) -> str:
    """Return the externalId of the n-th user."""
    return f"entra-{n:010d}-8d2a-4f8e-bf98-7363c4aed4ef"


def user_body(n: int) -> bytes:
    """Return the body of the request that makes the n-th user."""
    return orjson.dumps(user_document(n))


def posts(target: Target, start: int) -> Callable[[], bytes]:
    """Return what gives one request after another that makes a user."""
    numbers = count(start)
    return lambda: target.request("POST", "/Users", user_body(next(numbers)))


def patches(target: Target, people: People) -> Callable[[], bytes]:
    """Return what gives requests that each change something: active, name or roleId, in turn."""
    numbers = count()

    def make() -> bytes:
        index = next(numbers) % len(people.ids)
        visit = people.visits[index]
        people.visits[index] += 1
        operation = change((visit + index) % PATCHES, visit, target.roles)
        body = orjson.dumps({"schemas": [PATCH_OP], "Operations": [operation]})
        return target.request("PATCH", f"/Users/{people.ids[index]}", body)

    return make


def change(kind: int, visit: int, roles: tuple[str, ...]) -> dict[str, object]:
    """Return an operation that a user has not as its state; each kind comes every third visit."""
    turn = visit // PATCHES
    match kind:
        case 0:  # Entra's own dialect: a boolean as text, capitalized operations.
            return {"op": "Replace", "path": "active", "value": str(turn % 2 == 1)}
        case 1:
            return {"op": "Replace", "path": "name.familyName", "value": f"Married{turn}"}
        case 2:
            return {"op": "Add", "path": f"{CORE_USER}:roleId", "value": roles[turn % 2]}
    raise AssertionError(kind)


def gets(target: Target, paths: list[str]) -> Callable[[], bytes]:
    """Return what gives the requests of some paths, over and over."""
    made = [target.request("GET", path) for path in paths]
    numbers = count()
    return lambda: made[next(numbers) % len(made)]


def sends(target: Target, requests: list[tuple[str, str, str]]) -> Callable[[], bytes]:
    """Return what gives some requests, each once."""
    waiting = iter(requests)

    def make() -> bytes:
        method, path, body = next(waiting)
        return target.request(method, path, body.encode())

    return make


def add_member_body(member_id: str) -> str:
    """Return the PATCH by which Entra adds a member to a group."""
    return members_body("Add", [member_id])


def members_body(op: str, member_ids: Sequence[str]) -> str:
    """Return the PATCH by which Entra adds members to a group, removes them, or replaces all."""
    operation = {"op": op, "path": "members", "value": values(member_ids)}
    return orjson.dumps({"schemas": [PATCH_OP], "Operations": [operation]}).decode()


def group_body(name: str, member_ids: Sequence[str]) -> str:
    """Return a whole group, for PUT."""
    group = {"schemas": [CORE_GROUP], "displayName": name, "members": values(member_ids)}
    return orjson.dumps(group).decode()


def values(ids: Sequence[str]) -> list[dict[str, str]]:
    """Return ids as values of members."""
    return [{"value": each} for each in ids]


def filter_path(attribute: str, value: str) -> str:
    """Return the path of a query for one value, encoded as Entra does."""
    return f'/Users?filter={attribute}+eq+"{quote(value)}"'.replace('"', "%22")
