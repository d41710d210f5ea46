"""The examples of the RFCs, read from the folder `examples`; its README says where they come from."""

from collections.abc import Iterator
from pathlib import Path

import orjson

from schema.scim import definitions
from schema.scim.attributes import Document, read_schema
from schema.scim.definitions import DOCUMENTS, with_common
from schema.scim.resource_type import ResourceType
from schema.scim.urns import is_urn

EXAMPLES = Path(__file__).parent / "examples"
NAMES = tuple(sorted(path.stem for path in EXAMPLES.glob("*.json")))

RESOURCE_TYPES = {  # URN of the core schema → the type, for each kind of resource in an example.
    urn: ResourceType(document["name"], "", with_common(read_schema(document)))
    for urn, document in DOCUMENTS.items()
} | {each.schema.id: each for each in (definitions.USER, definitions.GROUP)}


def example(name: str) -> Document:
    """Return an example by the name of its file."""
    document: Document = orjson.loads((EXAMPLES / f"{name}.json").read_bytes())
    return document


def resources() -> Iterator[tuple[str, Document]]:
    """Yield each resource in the examples, alone or in a message, with the example's name."""
    for name in NAMES:
        for document in _resources_in(example(name)):
            if RESOURCE_TYPES.keys() & set(document.get("schemas", ())):
                yield name, document


def _resources_in(document: Document) -> Iterator[Document]:
    yield document
    yield from document.get("Resources", ())
    for operation in document.get("Operations", ()):
        if isinstance(operation.get("data"), dict):
            yield operation["data"]


def resource_type_of(document: Document) -> ResourceType:
    """Return the type of a resource by the core schema that it names."""
    return next(RESOURCE_TYPES[urn] for urn in document["schemas"] if urn in RESOURCE_TYPES)


def unknown_names(document: Document) -> list[str]:
    """Return the names in a resource that its definitions do not have, sub-attributes included."""
    resource_type = resource_type_of(document)
    return [name for name in _names(document, "") if resource_type.find(name) is None]


def _names(document: Document, prefix: str) -> Iterator[str]:
    for key, value in document.items():
        if not is_urn(key):
            yield f"{prefix}{key}"
        separator = ":" if is_urn(key) else "."
        for inner in value if isinstance(value, list) else [value]:
            # RFC 7643 §7: sub-attributes nest one level in a path; deeper ones only in schemas.
            if isinstance(inner, dict) and prefix.count(".") == 0:
                yield from _names(inner, f"{prefix}{key}{separator}")


def characteristics(attributes: list[Document], prefix: str = "") -> dict[str, Document]:
    """Return the characteristics of each attribute of a schema document, by path, without descriptions."""
    found: dict[str, Document] = {}
    for attribute in attributes:
        path = f"{prefix}{attribute['name']}"
        named = ("name", "description", "subAttributes")
        found[path] = {key: value for key, value in attribute.items() if key not in named}
        found |= characteristics(attribute.get("subAttributes", []), f"{path}.")
    return found
