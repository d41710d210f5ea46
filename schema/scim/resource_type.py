"""A resource type: a core schema and its extensions, which resolve names to attributes (RFC 7643 §6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from schema.scim.attributes import Attribute, Schema
from schema.scim.urns import ALIASES, is_urn

NAME_LENGTH_MAX = 500  # Characters of an attribute's name with its URN; longer ones enter no cache.


@dataclass(frozen=True, slots=True)
class AttributePath:
    """An attribute or sub-attribute of a resource; `extension` is the URN of its container, if any."""

    attribute: Attribute
    sub_attribute: Attribute | None = None
    extension: str | None = None

    @property
    def target(self) -> Attribute:
        """Return the attribute whose values are meant."""
        return self.sub_attribute or self.attribute

    def __str__(self) -> str:
        """Return the canonical name, as a client would write it."""
        name = f"{self.extension}:{self.attribute.name}" if self.extension else self.attribute.name
        return f"{name}.{self.sub_attribute.name}" if self.sub_attribute else name


@dataclass(frozen=True, eq=False)
class ResourceType:
    """A kind of resource. `aliases` maps (extension URN, lower-case name) to a core attribute.

    It hashes by identity, so that what is derived from it (parsed paths, plans) can be cached.
    """

    name: str
    endpoint: str
    schema: Schema
    extensions: tuple[Schema, ...] = ()
    aliases: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def with_extensions(self, extensions: tuple[Schema, ...]) -> "ResourceType":
        """Return the type with an organization's own extensions beside the built-in ones."""
        return replace(self, extensions=(*self.extensions, *extensions))

    def extension(self, urn: str) -> Schema | None:
        """Return an extension by URN in any case, or by another URN that clients use for it."""
        wanted = urn.lower()
        found = next((each for each in self.extensions if each.id.lower() == wanted), None)
        usual = ALIASES.get(wanted)
        return self.extension(usual) if found is None and usual else found

    def is_container(self, name: str) -> bool:
        """Return whether a name is the URN of a schema, whose value is an object of attributes."""
        return is_urn(name) and (self.is_core(name) or self.extension(name) is not None)

    def is_core(self, urn: str) -> bool:
        """Return whether a URN, in any case, is that of the core schema."""
        return urn.lower() == self.schema.id.lower()

    def find(self, name: str) -> AttributePath | None:
        """Resolve a name as a client writes it; None if it is unknown, or too long to be a name."""
        return self._find(name) if len(name) <= NAME_LENGTH_MAX else None

    @lru_cache(maxsize=8192)  # noqa: B019 - types live as long as the process; hostile names only evict.
    def _find(self, name: str) -> AttributePath | None:
        """Resolve `attr`, `attr.sub` or `urn:attr.sub`, in any case, to what it means; None if unknown.

        A URN ends at its last colon, never at a dot, since `2.0` holds one. A bare name that the core
        schema does not have may belong to an extension: Entra sends `manager` without its URN.
        """
        urn, _, rest = name.rpartition(":") if is_urn(name) else ("", "", name)
        attribute_name, dot, sub_name = rest.partition(".")
        found = self._find_attribute(urn, attribute_name)
        if found is None and (colonized := self._with_colon(name)):
            return self.find(colonized)
        if found is None or not dot:
            return found
        sub = found.attribute.sub_attribute(sub_name)
        return replace(found, sub_attribute=sub) if sub else None

    def _with_colon(self, name: str) -> str | None:
        """Return urn:attr for urn.attr, which Entra's older jobs write."""
        for urn in (self.schema.id, *(each.id for each in self.extensions), *ALIASES):
            if name.lower().startswith(f"{urn}.".lower()):
                return f"{urn}:{name[len(urn) + 1 :]}"
        return None

    def _find_attribute(self, urn: str, name: str) -> AttributePath | None:
        if not urn or self.is_core(urn):
            if attribute := self.schema.attribute(name):
                return AttributePath(attribute)
            if urn:
                return None
        candidates = self.extensions if not urn else tuple(filter(None, [self.extension(urn)]))
        for schema in candidates:
            if core_name := self.aliases.get((schema.id, name.lower())):
                return self._find_attribute("", core_name)
            if attribute := schema.attribute(name):
                return AttributePath(attribute, extension=schema.id)
        return None
