"""The JSON of answers: stored documents are sent as bytes, with id and meta spliced in."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from projections.directory.queries.members import PIECES_SEPARATOR
from projections.directory.queries.point_reads import Member, Resource
from schema.scim import urns
from schema.scim.attributes import Document
from service.scim.select import Selection, select_document


def etag(version: int) -> str:
    """Return the entity tag of a version; it is weak, since an answer may leave attributes out."""
    return f'W/"{version}"'


def quoted_instant(at: datetime) -> str:
    """Return a time in UTC as a dateTime of RFC 7643 §2.3.5, in quotes."""
    return orjson.dumps(at, option=orjson.OPT_UTC_Z).decode()


def user_bytes(user: Resource, base: str) -> bytes:
    """Return the JSON of a user, with the groups that it is in."""
    groups = f'"groups":{_groups_json(user.related, base)},' if user.related else ""
    return f"{_head(user, 'User', '/Users', base)}{groups}{user.document[1:]}".encode()


def group_bytes(group: Resource, base: str) -> bytes:
    """Return the JSON of a group, with the members that were read with it."""
    alone = f"{_head(group, 'Group', '/Groups', base)}{group.document[1:]}".encode()
    if not group.related:
        return alone
    return with_members(alone, (member_bytes(each, base) for each in related_members(group)))


def with_members(group: bytes, pieces: Iterable[bytes]) -> bytes:
    """Return the JSON of a group with members, which come in pieces of JSON."""
    members = b",".join(filter(None, pieces))
    return group[:-1] + b',"members":[' + members + b"]}" if members else group


def related_members(group: Resource) -> Iterator[list[Member]]:
    """Yield the members that were read with a group, in pieces."""
    for piece in (group.related or "[]").split(PIECES_SEPARATOR):
        yield [Member(*each) for each in orjson.loads(piece)]


def selected_members(piece: list[Member], base: str, selection: Selection) -> bytes:
    """Return the JSON of members with the selected sub-attributes, joined by commas."""
    members = member_bytes(piece, base)
    if selection.is_everything:
        return members
    document = select_document({"members": orjson.loads(b"[" + members + b"]")}, selection)
    return orjson.dumps(document.get("members", []))[1:-1]


def member_bytes(members: Iterable[Member], base: str) -> bytes:
    """Return the JSON of members, joined by commas."""
    return b",".join(
        orjson.dumps(
            {
                "value": str(member.id),
                "$ref": f"{base}/{member.type}s/{member.id}",
                "type": member.type,
                **({"display": member.display} if member.display else {}),
            }
        )
        for member in members
    )


def _head(resource: Resource, name: str, endpoint: str, base: str) -> str:
    """Return the beginning of a resource's JSON. `base` must hold nothing that JSON escapes."""
    created = quoted_instant(resource.created_at)
    modified = quoted_instant(resource.modified_at) if resource.version > 1 else created
    return (
        f'{{"id":"{resource.id}","meta":{{"resourceType":"{name}",'
        f'"created":{created},'
        f'"lastModified":{modified},'
        f'"location":"{base}{endpoint}/{resource.id}","version":"W/\\"{resource.version}\\""}},'
    )


def _groups_json(groups: str, base: str) -> str:
    elements = [
        {"value": group_id, "$ref": f"{base}/Groups/{group_id}", "display": name, "type": "direct"}
        for group_id, name in orjson.loads(groups)
    ]
    return orjson.dumps(elements).decode()


def list_message(total: int, start: int, count: int) -> Document:
    """Return a ListResponse without its Resources."""
    return {
        "schemas": [urns.LIST_RESPONSE],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": count,
    }


def list_head(message: Document) -> bytes:
    """Return the beginning of a ListResponse, up to the first of its Resources."""
    return orjson.dumps(message)[:-1] + b',"Resources":['


def list_response(resources: Iterable[bytes], message: Document) -> bytes:
    """Return a whole ListResponse (RFC 7644 §3.4.2)."""
    return list_head(message) + b",".join(resources) + b"]}"


def list_page(resources: Sequence[bytes], total: int, start: int) -> bytes:
    """Return the ListResponse of a page by index."""
    return _head_of_page(total, start, len(resources)) + b",".join(resources) + b"]}"


@lru_cache(maxsize=256)
def _head_of_page(total: int, start: int, count: int) -> bytes:
    return list_head(list_message(total, start, count))


def dumps(document: Any) -> bytes:
    """Return a document as JSON."""
    return orjson.dumps(document)
