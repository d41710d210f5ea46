"""Which attribute a refusal is about: a log must name the attribute, and none of its values.

A refusal of a value begins with the name of its attribute, or names it after words such as "… of". Only
names that the schema has are taken from the text, so nothing else that a client sent gets into a log.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from schema.scim.errors import ScimError
from schema.scim.resource_type import ResourceType

PLACE = r"The filter is wrong at character \d+: "
BEFORE = "[A-Z][a-z ]{1,30} of |[Tt]he value for |expected [a-z, ]{1,60} after "
LEADING = re.compile(rf"(?:{PLACE})?(?:{BEFORE})?([A-Za-z$][\w$.:-]*)")


@contextmanager
def about(resource_type: ResourceType) -> Iterator[None]:
    """Note on each refusal that is raised in the block which attribute of a resource type it is about."""
    try:
        yield
    except ScimError as refusal:
        name_attribute(refusal, resource_type)
        raise


def name_attribute(refusal: ScimError, resource_type: ResourceType) -> None:
    """Note the attribute that a refusal is about, if its text names one and none is noted yet."""
    if refusal.attribute is None:
        refusal.attribute = attribute_of(refusal.detail, resource_type)


def attribute_of(detail: str, resource_type: ResourceType) -> str | None:
    """Return the attribute that a refusal is about, as the schema writes it; None if the type has none such."""
    found = LEADING.match(detail)
    return known_name(found[1].rstrip(".:"), resource_type) if found else None


def known_name(text: str, resource_type: ResourceType) -> str | None:
    """Return a name as the schema writes it; for an unknown sub-attribute, the name of its attribute."""
    path = resource_type.find(text) or resource_type.find(text.rpartition(".")[0])
    return str(path) if path else None
