"""Apply the operations of a PATCH. A refusal names its attribute."""

from collections.abc import Iterable, Iterator

from schema.scim.attributes import Document
from schema.scim.budget import Spending
from schema.scim.errors import ScimError
from schema.scim.patch.apply import apply
from schema.scim.patch.operations import Operation


def applied(document: Document, operations: Iterable[Operation], spending: Spending) -> Document:
    """Return the document after all operations. Errors: those of apply, with the attribute of the failed operation."""
    begun: list[Operation] = []

    def noted() -> Iterator[Operation]:
        for each in operations:
            begun.append(each)
            yield each

    try:
        return apply(document, noted(), spending)
    except ScimError as refusal:
        if begun and refusal.attribute is None:
            refusal.attribute = str(begun[-1].path.attribute_path)
        raise
