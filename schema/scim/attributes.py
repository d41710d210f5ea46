"""Attributes and their characteristics (RFC 7643 §2, §7): data that drives the code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Document = dict[str, Any]  # A JSON object: a resource, or a part of one.


class AttributeType(StrEnum):
    """The data types of RFC 7643 §2.3."""

    STRING = "string"
    BOOLEAN = "boolean"
    DECIMAL = "decimal"
    INTEGER = "integer"
    DATE_TIME = "dateTime"
    REFERENCE = "reference"
    BINARY = "binary"
    COMPLEX = "complex"


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """One attribute definition. `sub_attributes` is keyed by lower-case name.

    It is equal only to itself, so that what is derived from it can be cached.
    """

    name: str
    type: AttributeType
    multi_valued: bool = False
    required: bool = False
    case_exact: bool = False
    mutability: str = "readWrite"
    returned: str = "default"
    uniqueness: str = "none"
    sub_attributes: Mapping[str, "Attribute"] = field(default_factory=dict)

    @property
    def is_complex(self) -> bool:
        """Return whether values are objects."""
        return self.type is AttributeType.COMPLEX

    @property
    def is_read_only(self) -> bool:
        """Return whether only the service sets the value."""
        return self.mutability == "readOnly"

    @property
    def is_kept(self) -> bool:
        """Return whether a client's value is stored: not what the service sets, and never a password."""
        return self.mutability not in ("readOnly", "writeOnly")

    def sub_attribute(self, name: str) -> "Attribute | None":
        """Return a sub-attribute by name in any case (RFC 7643 §2.1)."""
        return self.sub_attributes.get(name.lower())


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema: its URN, and attributes keyed by lower-case name."""

    id: str
    name: str
    attributes: Mapping[str, Attribute]

    def attribute(self, name: str) -> Attribute | None:
        """Return an attribute by name in any case (RFC 7643 §2.1)."""
        return self.attributes.get(name.lower())


def read_attribute(document: Document) -> Attribute:
    """Read an attribute definition as it is served at /Schemas (RFC 7643 §7)."""
    kind = AttributeType(document.get("type", "string"))
    subs = map(read_attribute, document.get("subAttributes", ()))
    return Attribute(
        name=document["name"],
        type=kind,
        multi_valued=document.get("multiValued", False),
        required=document.get("required", False),
        # RFC 7643 §2.3.6, §2.3.7: binary and reference values compare with case.
        case_exact=document.get("caseExact", False)
        or kind in (AttributeType.BINARY, AttributeType.REFERENCE),
        mutability=document.get("mutability", "readWrite"),
        returned=document.get("returned", "default"),
        uniqueness=document.get("uniqueness", "none"),
        sub_attributes={sub.name.lower(): sub for sub in subs},
    )


def read_schema(document: Document) -> Schema:
    """Read a Schema resource as it is served at /Schemas (RFC 7643 §7)."""
    attributes = map(read_attribute, document.get("attributes", ()))
    return Schema(
        id=document["id"],
        name=str(document.get("name", document["id"])),
        attributes={attribute.name.lower(): attribute for attribute in attributes},
    )
