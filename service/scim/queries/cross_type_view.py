"""The cross-type view: a resource type that also knows the attributes of others, for queries over several."""

from functools import lru_cache

from schema.scim.attributes import Schema
from schema.scim.resource_type import ResourceType


@lru_cache(maxsize=1024)
def cross_type_view(own: ResourceType, other: ResourceType) -> ResourceType:
    """Return a type that also has the attributes of the other; in its resources they have no value.

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
