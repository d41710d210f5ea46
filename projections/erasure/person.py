"""Who is erased, as the erasers see it."""

from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ErasedPerson:
    """A person who is being erased."""

    organization_id: UUID
    id: UUID
    names: frozenset[str] = field(default=frozenset(), repr=False)  # Folded values that name it.
    named_by: frozenset[UUID] = frozenset()  # Users whose values name it, or once did.
