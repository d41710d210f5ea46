"""Apply PATCH operations: (document, operations) → the next document (RFC 7644 §3.5.2)."""

from collections.abc import Iterable
from typing import Any, NoReturn

from schema.scim.attributes import Document
from schema.scim.budget import Spending
from schema.scim.errors import InvalidValue, Mutability
from schema.scim.patch.cost import cost
from schema.scim.patch.elements import apply_to_elements, is_void, kind_of, plain
from schema.scim.patch.operation_value import is_set_of_subs
from schema.scim.patch.operations import Kind, Operation
from schema.scim.resource import get, put
from schema.scim.resource_type import AttributePath
from schema.scim.urns import is_urn


def apply(
    document: Document, operations: Iterable[Operation], spending: Spending | None = None
) -> Document:
    """Return the document after all operations, in order; all of them apply or none does.

    Each operation is paid for before it is applied.
    Errors: InvalidValue, NoTarget, Mutability (a required attribute removed), PayloadTooLarge.
    """
    after, spending = document, spending or Spending()
    for operation in operations:
        spending.spend(cost(operation, get(after, operation.path.attribute_path)))
        after = _apply_one(after, operation)
    return _without_void(after, document)


def _without_void(document: Document, former: Document) -> Document:
    """Drop elements that lost everything but their kind, and attributes that are empty without them.

    An element stays if the client has just set its kind, or if it held only its kind before: a client that
    sets one sub-attribute at a time must find its element again.
    """
    kept: Document = {}
    for key, value in document.items():
        filled = value
        if isinstance(value, list):
            if value is not (before := former.get(key, ())):  # Else no operation has changed it.
                kinds = {kind_of(each) for each in before if is_void(each)}
                filled = [
                    plain(each) for each in value if not is_void(each) or kind_of(each) in kinds
                ]
        elif type(value) is dict and is_urn(key):
            filled = _without_void(value, former.get(key, {}))
        if filled or not isinstance(filled, list | dict):
            kept[key] = filled
    return kept


def _apply_one(document: Document, operation: Operation) -> Document:
    path = operation.path
    if path.attribute.multi_valued:
        elements = apply_to_elements(get(document, path.attribute_path) or [], operation)
        whole = AttributePath(path.attribute, extension=path.attribute_path.extension)
        return put(document, whole, elements or None)
    return _apply_to_single(document, operation)


def _apply_to_single(document: Document, operation: Operation) -> Document:
    path = operation.path.attribute_path
    value = None if operation.kind is Kind.REMOVE else operation.value
    if is_set_of_subs(operation.path) and value is not None:
        # RFC 7644 §3.5.2.3: sub-attributes that are not given stay as they are.
        return _merge_subs(document, path, value)
    if value is None and path.target.required:
        _refuse_absence(operation)
    return put(_without_stale_reference(document, path, value), path, value)


def _without_stale_reference(document: Document, path: AttributePath, value: Any) -> Document:
    """Drop a manager whose `value` changes: its `$ref` would still name the former manager."""
    if path.sub_attribute is None or path.sub_attribute.name != "value":
        return document
    former = (get(document, path) or {}).get("value")
    if former is None or former == value:
        return document
    return put(document, AttributePath(path.attribute, extension=path.extension), None)


def _refuse_absence(operation: Operation) -> NoReturn:
    """Raise the error for a required attribute that is removed (RFC 7644 §3.5.2.2) or emptied (§3.12)."""
    if operation.kind is Kind.REMOVE:
        raise Mutability(f"{operation.path} is required and cannot be removed.")
    raise InvalidValue(f"{operation.path} is required and cannot be emptied.")


def _merge_subs(document: Document, path: AttributePath, value: Document) -> Document:
    for name, each in value.items():
        sub = path.attribute.sub_attribute(name)
        document = put(document, AttributePath(path.attribute, sub, path.extension), each)
    return document
