"""One operation of a bulk: read as sent, and turned into a command (RFC 7644 §3.7)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from schema.scim import urns
from schema.scim.attributes import Document
from schema.scim.errors import InvalidSyntax, InvalidValue, NotFound
from service.ids import as_id, new_id
from service.scim.bulk.references import PREFIX, is_reference, resolved
from service.scim.context import RequestContext
from service.scim.request import VERSION
from service.scim.resources import read_command
from service.write.commands import Command, DeleteGroup, DeleteUser, Precondition

PATH = re.compile(r"/*(users|groups)(?:/+([^/?#]+))?/*", re.IGNORECASE)
STATUSES = {
    "POST": "201",
    "PUT": "200",
    "PATCH": "200",
    "DELETE": "204",
}  # The status of a success, by method.


@dataclass(frozen=True, slots=True)
class BulkOperation:
    """One operation; `id` is that of its resource, already chosen for a resource that it creates."""

    method: str
    endpoint: str
    id: UUID | None  # None: the path names no id of ours.
    bulk_id: str | None
    data: Any
    precondition: Precondition

    @property
    def location(self) -> str:
        """Return the URL of the resource, relative to the SCIM endpoint."""
        return f"/{self.endpoint}/{self.id}"


def sent_location(sent: Document, ids: Mapping[str, UUID]) -> str | None:
    """Return the URL that an operation names, relative to the SCIM endpoint; None for a POST."""
    found = _path(sent)
    if found is None or found[2] is None:
        return None
    return f"/{found[1].capitalize()}/{_named(found[2], ids) or found[2]}"


def named_resource(sent: Document, ids: Mapping[str, UUID]) -> dict[str, str]:
    """Return the log fields of an operation: its method, endpoint and id, each only if it is a valid one."""
    method, found = str(sent.get("method", "")).upper(), _path(sent)
    fields = {"method": method} if method in STATUSES else {}
    if found is None:
        return fields
    resource_id = _named(found[2], ids) if found[2] else None
    more = {"resource_id": str(resource_id)} if resource_id else {}
    return {**fields, "endpoint": f"/{found[1].capitalize()}", **more}


def _named(text: str, ids: Mapping[str, UUID]) -> UUID | None:
    """Return the id in the last part of a path: one of ours, or the id that a bulkId stands for."""
    return ids.get(text[len(PREFIX) :]) if is_reference(text) else as_id(text)


def _path(sent: Document) -> re.Match[str] | None:
    path = sent.get("path")
    return PATH.fullmatch(path) if isinstance(path, str) else None


def read_operation(sent: Document, ids: Mapping[str, UUID]) -> BulkOperation:
    """Return an operation, checked and with its references resolved. Errors: InvalidSyntax, InvalidValue."""
    method = str(sent.get("method", "")).upper()
    if method not in STATUSES:
        raise InvalidSyntax(f"method must be one of {', '.join(STATUSES)}.")
    found = _path(sent)
    if found is None or (method == "POST") != (found[2] is None):
        raise InvalidValue(
            "path must be /Users or /Groups for POST, and the same with an id for the other methods."
        )
    bulk_id = sent.get("bulkid")
    if method == "POST":
        # RFC 7644 §3.7 requires bulkId for POST. Here it may be left out if no other operation refers to it.
        resource_id: UUID | None = ids[bulk_id] if isinstance(bulk_id, str) else new_id()
    else:
        resource_id = _named(found[2], ids)
    return BulkOperation(
        method,
        found[1].capitalize(),
        resource_id,
        bulk_id,
        _data(method, resolved(sent.get("data"), lambda named: str(ids[named]))),
        _precondition(sent.get("version")),
    )


def _precondition(version: Any) -> Precondition:
    """Return the precondition that `version` stands for (RFC 7644 §3.7)."""
    if version is None:
        return Precondition()
    found = VERSION.fullmatch(version) if isinstance(version, str) else None
    return Precondition(frozenset({int(found[1])} if found else ()))


def _data(method: str, data: Any) -> Any:
    """Return data as the endpoint takes it: RFC 7644 §3.7.3 shows a PATCH as a bare list of operations."""
    return (
        {"schemas": [urns.PATCH_OP], "Operations": data}
        if method == "PATCH" and isinstance(data, list)
        else data
    )


def command_of(context: RequestContext, operation: BulkOperation) -> Command:
    """Return the command of an operation. Errors: NotFound, InvalidValue, and those of read_patch."""
    if operation.id is None:
        raise NotFound(f"There is no such resource in {operation.endpoint}.")
    if operation.endpoint == "Users":
        return _user_command(context, operation, operation.id)
    return _group_command(context, operation, operation.id)


def _user_command(context: RequestContext, operation: BulkOperation, user_id: UUID) -> Command:
    match operation.method:
        case "POST":
            return read_command.create_user(context, user_id, operation.data)
        case "PUT":
            return read_command.replace_user(
                context, user_id, operation.data, operation.precondition
            )
        case "PATCH":
            return read_command.patch_user(context, user_id, operation.data, operation.precondition)
        case _:
            return DeleteUser(user_id, operation.precondition)


def _group_command(context: RequestContext, operation: BulkOperation, group_id: UUID) -> Command:
    match operation.method:
        case "POST":
            return read_command.create_group(context, group_id, operation.data)
        case "PUT":
            return read_command.replace_group(
                context, group_id, operation.data, operation.precondition
            )
        case "PATCH":
            return read_command.patch_group(
                context, group_id, operation.data, operation.precondition
            )
        case _:
            return DeleteGroup(group_id, operation.precondition)
