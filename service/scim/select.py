"""Which attributes an answer holds: `attributes` and `excludedAttributes` (RFC 7644 §3.9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from schema.scim.attributes import Document
from schema.scim.resource import get, put
from schema.scim.resource_type import AttributePath, ResourceType
from schema.scim.urns import is_urn

ALWAYS = ("id", "schemas")  # RFC 7643 §3.1 returned=always, and §3: schemas is never empty.
NAMES_MAX = 200


@dataclass(frozen=True, slots=True)
class Selection:
    """The attributes of an answer: those included (None: all), minus those excluded."""

    included: (
        tuple[AttributePath | str, ...] | None
    )  # A text is the URN of an extension, selected as a whole.
    excluded: tuple[AttributePath | str, ...]

    @property
    def is_everything(self) -> bool:
        """Return whether an answer is left as it is."""
        return self.included is None and not self.excluded

    def wants(self, name: str) -> bool:
        """Return whether an answer needs an attribute of the core schema at all."""
        if any(_is_whole(path, name) for path in self.excluded):
            return False
        return self.included is None or any(_is_part(path, name) for path in self.included)

    def shows(self, name: str, sub: str) -> bool:
        """Return whether an answer may show a sub-attribute of an attribute of the core schema."""

        def is_of_it(path: AttributePath | str) -> bool:
            return _is_whole(path, name) or (_is_part(path, name) and _sub_name(path) == sub)

        if any(map(is_of_it, self.excluded)):
            return False
        return self.included is None or any(map(is_of_it, self.included))

    def is_only_without(self, name: str) -> bool:
        """Return whether the selection excludes one attribute and asks for nothing else."""
        return self.included is None and all(_is_whole(path, name) for path in self.excluded)


EVERYTHING = Selection(None, ())


def names_attributes(sent: Mapping[str, str]) -> bool:
    """Return whether the query parameters of a request name any attribute, known or unknown."""
    return any(sent.get(name, "").strip() for name in ("attributes", "excludedattributes"))


def read_selection(sent: Mapping[str, str], resource_type: ResourceType) -> Selection:
    """Return what the query parameters of a request select; unknown names select nothing."""
    if "attributes" not in sent and "excludedattributes" not in sent:
        return EVERYTHING
    included = sent.get("attributes")
    return Selection(
        _read_names(included, resource_type) if included else None,
        _read_names(sent.get("excludedattributes", ""), resource_type),
    )


def _read_names(text: str, resource_type: ResourceType) -> tuple[AttributePath | str, ...]:
    names = [name.strip() for name in text.split(",")[:NAMES_MAX] if name.strip()]
    # Each once: a client may repeat a name two hundred times, and pays for it a thousand times on a page.
    found = {str(path): path for name in names if (path := _read_name(name, resource_type))}
    return tuple(found.values())


def _read_name(name: str, resource_type: ResourceType) -> AttributePath | str | None:
    if is_urn(name) and (extension := resource_type.extension(name)):
        return extension.id
    return _read_alias(name, resource_type) or resource_type.find(name)


def _read_alias(name: str, resource_type: ResourceType) -> AttributePath | None:
    """Return the path of a core attribute under its other name, if it was requested by that name; else None."""
    urn, _, attribute_name = name.rpartition(":")
    extension = resource_type.extension(urn)
    if extension is None or (extension.id, attribute_name.lower()) not in resource_type.aliases:
        return None
    attribute = extension.attribute(attribute_name)
    return AttributePath(attribute, extension=extension.id) if attribute else None


def _is_whole(path: AttributePath | str, name: str) -> bool:
    return _is_part(path, name) and isinstance(path, AttributePath) and not path.sub_attribute


def _sub_name(path: AttributePath | str) -> str | None:
    sub = path.sub_attribute if isinstance(path, AttributePath) else None
    return sub.name if sub else None


def _is_part(path: AttributePath | str, name: str) -> bool:
    return isinstance(path, AttributePath) and not path.extension and path.attribute.name == name


def select(resource: bytes, selection: Selection) -> bytes:
    """Return the JSON of a resource with the selected attributes."""
    if selection.is_everything:
        return resource
    return orjson.dumps(select_document(orjson.loads(resource), selection))


def select_document(document: Document, selection: Selection) -> Document:
    """Return a resource with the selected attributes, and those that are always returned."""
    chosen = document
    if selection.included is not None:
        chosen = {name: document[name] for name in ALWAYS if name in document}
        for path in selection.included:
            chosen = _include(chosen, document, path)
        chosen = _without_void(chosen)
    for path in selection.excluded:
        chosen = _exclude(chosen, path)
    return chosen


def _without_void(chosen: Document) -> Document:
    """Drop values without any selected sub-attribute, and attributes that then have no value.

    RFC 7643 §2.5: an attribute without a value is left out; an empty list would say that it has none.
    """
    filled = {key: _filled(value) for key, value in chosen.items()}
    return {key: value for key, value in filled.items() if value not in ([], {})}


def _filled(value: Any) -> Any:
    if isinstance(value, list):
        return [each for each in value if each != {}]
    return _without_void(value) if isinstance(value, dict) else value


def _include(chosen: Document, document: Document, path: AttributePath | str) -> Document:
    if isinstance(path, str):
        return {**chosen, path: document[path]} if path in document else chosen
    value, sub = get(document, path), path.sub_attribute
    if value is None:
        return chosen
    whole = AttributePath(path.attribute, extension=path.extension)
    if sub is not None:
        value = _with_sub(get(chosen, whole), value, sub.name)
    return chosen if value in ({}, []) else put(chosen, whole, value)


def _with_sub(chosen: Any, value: Any, name: str) -> Any:
    """Return what was chosen of a complex value so far, plus one more sub-attribute."""
    if isinstance(value, list):
        former = chosen or [{} for _ in value]
        return [_with_sub(old, each, name) for old, each in zip(former, value, strict=True)]
    more = {name: value[name]} if name in value else {}
    return {**(chosen or {}), **more}


def _exclude(chosen: Document, path: AttributePath | str) -> Document:
    if isinstance(path, str):
        return {key: value for key, value in chosen.items() if key != path}
    if path.attribute.returned == "always" or path.attribute.name in ALWAYS:
        return chosen
    if path.sub_attribute is None:
        return put(chosen, path, None)
    value = get(chosen, path)
    if value is None:
        return chosen
    whole = AttributePath(path.attribute, extension=path.extension)
    return put(chosen, whole, _without_sub(value, path.sub_attribute.name) or None)


def _without_sub(value: Any, name: str) -> Any:
    if isinstance(value, list):
        return [each for each in (_without_sub(one, name) for one in value) if each]
    return {key: each for key, each in value.items() if key != name}
