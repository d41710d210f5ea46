"""The schema documents as served at /Schemas, and the resource types read from them."""

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

import orjson

from schema.scim import urns
from schema.scim.attributes import Document, Schema, read_attribute, read_schema
from schema.scim.resource_type import ResourceType


def load(name: str) -> Document:
    """Return a schema document from the folder `definitions`."""
    document: Document = orjson.loads(
        (files(__package__) / "definitions" / f"{name}.json").read_bytes()
    )
    return document


DOCUMENTS: dict[str, Document] = {  # The schema documents that every organization has, by URN.
    document["id"]: document
    for document in map(
        load,
        (
            "user",
            "group",
            "enterprise_user",
            "clm_user",
            "role",
            "service_provider_config",
            "resource_type",
            "schema",
        ),
    )
}
# RFC 7643 §3.1: common attributes are in every resource, and a schema document need not list them. Those of
# users and groups list externalId: Entra's gallery reads /Schemas and maps what it finds there.
COMMON_ATTRIBUTES: list[dict[str, Any]] = load("common")["attributes"]
COMMON = {attribute.name.lower(): attribute for attribute in map(read_attribute, COMMON_ATTRIBUTES)}

ENTERPRISE_USER: Schema = read_schema(DOCUMENTS[urns.ENTERPRISE_USER])
CLM_USER: Schema = read_schema(DOCUMENTS[urns.CLM_USER])


def with_common(schema: Schema) -> Schema:
    """Return a core schema that also holds the common attributes."""
    return Schema(schema.id, schema.name, {**schema.attributes, **COMMON})


USER = ResourceType(
    name="User",
    endpoint="/Users",
    schema=with_common(read_schema(DOCUMENTS[urns.USER])),
    extensions=(ENTERPRISE_USER, CLM_USER),
    # Of the attributes outside its own list, Entra sends only those of extensions with POST. With this alias,
    # roleId can be among them.
    aliases={(urns.CLM_USER, "roleid"): "roleId"},
)
GROUP = ResourceType(
    name="Group", endpoint="/Groups", schema=with_common(read_schema(DOCUMENTS[urns.GROUP]))
)
ROLE = ResourceType(
    name="Role", endpoint="/Roles", schema=with_common(read_schema(DOCUMENTS[urns.ROLE]))
)


def user_type(schemas: Mapping[str, Document]) -> ResourceType:
    """Return the User resource type of an organization that has extension schemas of its own.

    The same schemas give the same object, so that caches keyed by it stay useful.
    """
    return _user_type(orjson.dumps([*schemas.values()])) if schemas else USER


@lru_cache(maxsize=1024)
def _user_type(documents: bytes) -> ResourceType:
    return USER.with_extensions(tuple(map(read_schema, orjson.loads(documents))))
