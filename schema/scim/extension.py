"""Extension schemas of an organization: what a Schema resource must hold to be accepted."""

import re
from collections.abc import Iterable
from typing import Any

from schema.scim import urns
from schema.scim.attributes import AttributeType, Document
from schema.scim.definitions import COMMON, DOCUMENTS, USER
from schema.scim.errors import InvalidValue

URN = re.compile(r"urn:[a-z0-9][a-z0-9-]{0,31}(?::[a-z0-9._-]{1,100}){2,10}", re.IGNORECASE)
ATTRIBUTE_NAME = re.compile(r"[A-Za-z$][A-Za-z0-9_$-]{0,99}")  # RFC 7643 §2.1 ATTRNAME.
ATTRIBUTES_MAX = 100
NAME_PLACE = -3  # Where the name stands in a URN such as …:extension:Name:2.0:User.
CHARACTERISTICS: dict[str, tuple[Any, ...]] = {  # RFC 7643 §7; the first is the default.
    "type": ("string", "boolean", "decimal", "integer", "dateTime", "reference", "binary"),
    "multiValued": (False, True),
    "required": (False,),  # Entra creates users before it knows an extension's values.
    "caseExact": (False, True),
    "mutability": ("readWrite",),
    "returned": ("default",),
    "uniqueness": ("none",),
}


def check_extension(document: Any) -> Document:
    """Return an extension schema as it will be served, with every characteristic stated.

    Errors: InvalidValue, with what to change.
    """
    if not isinstance(document, dict):
        raise InvalidValue("A schema is a JSON object with id, name and attributes.")
    urn = document.get("id")
    if not isinstance(urn, str) or not URN.fullmatch(urn):
        raise InvalidValue(
            "id must be a URN, such as urn:ietf:params:scim:schemas:extension:Name:2.0:User."
        )
    if urn.lower() in map(str.lower, DOCUMENTS) or USER.is_container(urn) or USER.find(urn):
        raise InvalidValue(f"{urn} is built in and cannot be registered.")
    attributes = document.get("attributes")
    if not isinstance(attributes, list) or not 0 < len(attributes) <= ATTRIBUTES_MAX:
        raise InvalidValue(f"attributes must be a list of 1 to {ATTRIBUTES_MAX} attributes.")
    checked = [_check_attribute(each) for each in attributes]
    names = [each["name"].lower() for each in checked]
    if len(set(names)) < len(names):
        raise InvalidValue("Two attributes have the same name; names compare without case.")
    return {
        "schemas": [urns.SCHEMA],
        "id": urn,
        "name": _text(document, "name", urn.split(":")[NAME_PLACE]),
        "description": _text(document, "description", "An extension of the organization's own."),
        "attributes": checked,
    }


def _check_attribute(attribute: Any) -> Document:
    name = attribute.get("name") if isinstance(attribute, dict) else None
    if not isinstance(name, str) or not ATTRIBUTE_NAME.fullmatch(name):
        raise InvalidValue("Each attribute needs a name of letters, digits, _, - and $.")
    if name.lower() in COMMON or name.lower() == "schemas":
        raise InvalidValue(f"{name} is an attribute of every resource already; use another name.")
    if attribute.get("type") == AttributeType.COMPLEX or "subAttributes" in attribute:
        raise InvalidValue(
            f"{name}: an extension has simple attributes only; Entra sends no others."
        )
    checked: Document = {"name": name}
    for characteristic, allowed in CHARACTERISTICS.items():
        value = attribute.get(characteristic, allowed[0])
        if not any(value == each and type(value) is type(each) for each in allowed):
            choices = ", ".join(map(str, allowed))
            raise InvalidValue(f"{name}: {characteristic} must be one of {choices}.")
        checked[characteristic] = value
    checked["description"] = _text(attribute, "description", name)
    return checked


def _text(holder: Document, key: str, default: str) -> str:
    value = holder.get(key, default)
    if not isinstance(value, str) or len(value) > 1_000 or "\0" in value:  # noqa: PLR2004
        raise InvalidValue(f"{key} must be a text of at most 1,000 characters.")
    return value or default


def refuse_removal(former: Document, document: Document) -> None:
    """Raise InvalidValue if a registered attribute was removed or changed: mappings depend on it.

    Entra requires that a provider only ever adds attributes.
    """
    stated = {each["name"]: each for each in document["attributes"]}
    for attribute in former["attributes"]:
        kept = stated.get(attribute["name"])
        if kept is None or {**kept, "description": ""} != {**attribute, "description": ""}:
            raise InvalidValue(
                f"{attribute['name']} is registered already and cannot be changed or removed; "
                "attributes are only ever added."
            )


def refuse_other_case(urns_registered: Iterable[str], urn: str) -> None:
    """Raise InvalidValue if a URN is registered in another letter case: URNs compare without case."""
    for registered in urns_registered:
        if registered != urn and registered.lower() == urn.lower():
            raise InvalidValue(f"{urn} is registered already as {registered}; use that one.")
