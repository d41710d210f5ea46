"""Two releases serve one database: the former one was there before the migration, and the present one comes beside it."""

import signal
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from pydantic import SecretStr

from projections.registry import PROJECTIONS
from schema.events.proof import AuditRead
from service.cli.provenance import cli_provenance
from service.config import Settings
from service.organizations.register import find_organization
from service.proof.record import record
from service.runtime import open_runtime
from tests.former.release import OnDatabase
from tests.protocol.installation import Result, Serving
from tests.serving import patch_op

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tried:
    """One thing that was tried, and whether it went well."""

    name: str
    is_good: bool
    said: str = ""


async def try_both(former: OnDatabase, present: OnDatabase) -> list[Tried]:
    """Serve with both, and compare what each of them says."""
    old = await former.serve()
    try:
        token = await former.token()
        migrated = await present.run("migrate")
        tried = [_ended("the present code migrates while the former release serves", migrated)]
        new = await present.serve()
        try:
            tried += [
                await _requests("written by the former, read by the present", token, old, new),
                await _requests("written by the present, read by the former", token, new, old),
                await _with_newer_events(present, token, old, new),
                _ended("the present verifies the log", await present.run("audit", "verify")),
            ]
        finally:
            await new.end(signal.SIGTERM)
        tried.append(await _requests("the present has stopped again", token, old, old))
    finally:
        await old.end(signal.SIGTERM)
    return [*tried, *await _rows(present), await _starts_again(former)]


async def _rows(present: OnDatabase) -> list[Tried]:
    """Compare all rows with the log, once streams that the former release has parked were retried."""
    tried = []
    for name, projection in PROJECTIONS.items():
        if projection.follower is not None:
            result = await present.run("projections", "retry-parked", name)
            said = (result.out or result.err).strip()
            tried.append(Tried(f"what the former release parked in {name}", result.code == 0, said))
        result = await present.run("projections", "verify", name)
        tried.append(_ended(f"the present verifies the rows of {name}", result))
    return tried


async def _with_newer_events(present: OnDatabase, token: str, old: Serving, new: Serving) -> Tried:
    """Append an event of each type's newest version that an organization's own stream may have, then write with the former.

    The former release may not know it: then it must say so, and still write users and groups.
    """
    name = "the present appends to the organization's own stream"
    issued = await present.run("token", "issue", "--label", "admin", "--scope", "admin", "--json")
    admin = replace(old, base=old.base.replace("/scim/v2", "/admin/v1"))
    await _record_read(present)
    exchanged = await _requests(f"{name}, users and groups", token, old, new)
    status, answer = await admin.send("POST", "/tokens", issued.json["token"], {"label": "later"})
    said = f"the former release issues a token: {status} {'' if status < HTTPStatus.BAD_REQUEST else answer}"
    return Tried(name, exchanged.is_good, exchanged.said or said.strip())


async def _record_read(present: OnDatabase) -> None:
    """Append an AuditRead, whose version 2 is younger than some releases."""
    chosen = Settings(
        database_url=SecretStr(present.database_url),
        master_key=SecretStr(present.master_key),
        data_dir=present.data_dir,
    )
    now = datetime.now(UTC)
    event = AuditRead(first_at=now, last_at=now, reads=1, paths={"/events": 1})
    async with open_runtime(chosen, is_migrating=False) as runtime:
        organization = await find_organization(runtime, None)
        await record(runtime, organization.id, event, cli_provenance())


async def _starts_again(former: OnDatabase) -> Tried:
    """Say whether the former release starts on the migrated database. Either answer is good: it is what a reader needs."""
    result = await former.run("organization", "list")
    said = "it starts" if result.code == 0 else (result.err or result.out).strip().splitlines()[-1]
    return Tried("the former release is started again", is_good=True, said=said)


def _ended(name: str, result: Result) -> Tried:
    return Tried(name, result.code == 0, "" if result.code == 0 else f"{result.out}{result.err}")


async def _requests(name: str, token: str, writer: Serving, reader: Serving) -> Tried:
    """Write at one service and read at the other: users, groups, a filter, a deletion."""
    try:
        await _exchange(name, token, writer, reader)
    except AssertionError as error:
        return Tried(name, is_good=False, said=str(error))
    return Tried(name, is_good=True)


async def _exchange(name: str, token: str, writer: Serving, reader: Serving) -> None:
    user_name = f"{name.replace(' ', '.').replace(',', '')}@example.com"
    user = await _ask(writer, token, "POST", "/Users", {"userName": user_name}, HTTPStatus.CREATED)
    path = f"/Users/{user['id']}"
    assert (await _ask(reader, token, "GET", path))["userName"] == user_name
    change = patch_op({"op": "replace", "path": "displayName", "value": "Ada"})
    await _ask(reader, token, "PATCH", path, change)
    assert (await _ask(writer, token, "GET", path))["displayName"] == "Ada"
    query = f'/Users?filter=userName eq "{user_name}"'
    for each in (writer, reader):
        assert (await _ask(each, token, "GET", query))["totalResults"] == 1
    members = [{"value": user["id"]}]
    body = {"displayName": user_name, "members": members}
    group = await _ask(writer, token, "POST", "/Groups", body, HTTPStatus.CREATED)
    shown = await _ask(reader, token, "GET", f"/Groups/{group['id']}")
    assert [each["value"] for each in shown["members"]] == [user["id"]]
    removal = patch_op({"op": "remove", "path": f'members[value eq "{user["id"]}"]'})
    await _ask(reader, token, "PATCH", f"/Groups/{group['id']}", removal)
    assert not (await _ask(writer, token, "GET", f"/Groups/{group['id']}")).get("members")
    await _ask(reader, token, "DELETE", f"/Groups/{group['id']}", None, HTTPStatus.NO_CONTENT)
    await _ask(reader, token, "DELETE", path, None, HTTPStatus.NO_CONTENT)
    await _ask(writer, token, "GET", path, None, HTTPStatus.NOT_FOUND)


async def _ask(
    serving: Serving,
    token: str,
    method: str,
    path: str,
    body: JSON | None = None,
    wanted: HTTPStatus | None = None,
) -> Any:
    """Send a request; return the body. Errors: AssertionError, if the status is another one."""
    status, answer = await serving.send(method, path, token, body)
    allowed = (wanted,) if wanted else (HTTPStatus.OK, HTTPStatus.NO_CONTENT)
    assert status in allowed, f"{method} {path}: {status} {answer}"
    return answer
