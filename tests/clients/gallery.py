"""The gate of Microsoft's gallery: how its Logic App reads /Schemas, and what it reads back.

Microsoft describes it in SCIM-Validation-Test-Overview.md.
"""

import re
from collections.abc import Iterator
from typing import Any

from schema.scim.urns import GROUP, USER

TARGET = re.compile(
    r'(?:(?P<urn>urn:.*):)?(?P<name>\w+)(?:\[(?P<key>\w+) eq "(?P<of>\w+)"\])?(?:\.(?P<sub>\w+))?'
)


def targets(schemas: list[dict[str, Any]]) -> list[str]:
    """Return the names of all attributes that a mapping may have as its target."""
    return [
        each
        for schema in schemas
        for attribute in schema["attributes"]
        for each in _flattened(schema["id"], attribute)
    ]


def _flattened(urn: str, attribute: dict[str, Any]) -> Iterator[str]:
    name, subs = attribute["name"], attribute.get("subAttributes", [])
    named = [each["name"] for each in subs]
    if urn not in (USER, GROUP):
        yield f"{urn}:{name}"
    elif not subs or name == "members":
        yield from [name] if attribute["type"] != "reference" else []
    elif not attribute["multiValued"]:
        yield from (f"{name}.{sub}" for sub in named)
    elif kinds := next(
        (each.get("canonicalValues") for each in subs if each["name"] == "type"), None
    ):
        kept = [sub for sub in named if sub not in ("type", "primary")]
        yield from (f'{name}[type eq "{kind}"].{sub}' for kind in kinds for sub in kept)
    else:
        yield from (f'{name}[primary eq "True"].{sub}' for sub in named)


def read_back(document: dict[str, Any], target: str) -> Any:
    """Return the value of a target in what GET answers, None where it is absent."""
    found = TARGET.fullmatch(target)
    assert found, target
    holder = document.get(found["urn"], {}) if found["urn"] else document
    value = holder.get(found["name"])
    if found["key"]:
        wanted: Any = True if found["of"] == "True" else found["of"]
        value = next((each for each in value or [] if each.get(found["key"]) == wanted), None)
    if found["sub"]:
        value = (value or {}).get(found["sub"])
    return value["value"] if found["name"] == "manager" and value else value
