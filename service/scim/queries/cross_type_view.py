"""A resource type that knows the attributes of others, too: for queries over several types."""

from functools import lru_cache

from schema.scim.attributes import Schema
from schema.scim.resource_type import ResourceType


@lru_cache(maxsize=1024)
def cross_type_view(own: ResourceType, other: ResourceType) -> ResourceType:
    """Return a type in which what only the other type has is an attribute that never has a value.

    RFC 7644 §3.4.2.1: for attributes that are not part of a particular resource type, the service
    provider SHALL treat the attribute as if there is no attribute value.
    """
    both = {**other.schema.attributes, **own.schema.attributes}
    return ResourceType(
        name=own.name,
        endpoint=own.endpoint,
        schema=Schema(own.schema.id, own.schema.name, both),
        extensions=(*own.extensions, *other.extensions, other.schema),
        aliases={**other.aliases, **own.aliases},
    )
