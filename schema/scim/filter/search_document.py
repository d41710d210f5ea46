"""Search documents: the copy of a resource that filters in SQL read."""

from collections.abc import Collection, Mapping
from functools import lru_cache

from schema.scim.attributes import Attribute, Document
from schema.scim.filter.comparable import Convert, converter, is_folded, kept_type
from schema.scim.resource_type import ResourceType

# Attributes that have their own columns or rows: filters read those.
HELD_ELSEWHERE = frozenset(
    {"id", "externalId", "meta", "userName", "displayName", "active", "roleId", "groups", "members"}
)
NONE: Mapping[str, Convert] = {}
FOLDED, ANY = "folded", "any"


def search_document(document: Document, resource_type: ResourceType) -> Document:
    """Return the search document of a document: comparable forms under the same names.

    The document is one that `read_document` returned. Texts that are not caseExact are folded, and
    dateTimes are UTC texts of one width. Values that are absent, empty or unknown are left out.
    """
    found: Document = _plan(resource_type)(document) or {}
    return found


@lru_cache(maxsize=1024)
def _plan(resource_type: ResourceType) -> Convert:
    """Return the function that makes search documents; it is cached, because every write needs it."""
    aliases = resource_type.aliases
    own = resource_type.schema.attributes.values()
    extensions = {}
    for schema in resource_type.extensions:
        held = [
            each
            for each in schema.attributes.values()
            if (schema.id, each.name.lower()) not in aliases
        ]
        extensions[schema.id] = _for_object(held)
    return _for_object([each for each in own if each.name not in HELD_ELSEWHERE], extensions)


def _converter(attribute: Attribute) -> Convert:
    single = converter(attribute)
    if attribute.is_complex:
        single = _for_object(attribute.sub_attributes.values())
    return _for_list(single) if attribute.multi_valued else single


def _for_object(attributes: Collection[Attribute], others: Mapping[str, Convert] = NONE) -> Convert:
    """Return the function that converts an object of these attributes; `others` convert what else it may hold."""
    plans = {**{each.name: _converter(each) for each in attributes}, **others}
    ways: dict[str, object] = dict.fromkeys(plans, ANY)
    ways |= {each.name: _way(each) for each in attributes}

    def convert(document: object) -> Document | None:
        if not isinstance(document, dict):
            return None
        found: Document = {}
        for name, value in document.items():
            way = ways.get(name)
            # Most values are texts in ASCII, or stay as they are: as their plan does, without its calls.
            if way is FOLDED and type(value) is str and value.isascii():
                if value:
                    found[name] = value.lower()
            elif way is not None:
                known = value if type(value) is way else plans[name](value)
                if known is not None and known != "":
                    found[name] = known
        return found or None

    return convert


def _way(attribute: Attribute) -> object:
    """Return how most values of an attribute are converted: FOLDED, the type of those that stay as they are, or ANY."""
    if attribute.multi_valued:
        return ANY
    return FOLDED if is_folded(attribute) else kept_type(attribute) or ANY


def _for_list(single: Convert) -> Convert:
    def convert(values: object) -> list[object] | None:
        if not isinstance(values, list):
            return None
        found = [known for known in map(single, values) if known is not None and known != ""]
        return found or None

    return convert
