"""Apply PATCH operations: (document, operations) → document' (RFC 7644 §3.5.2)."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

from schema.scim.attributes import Attribute, Document
from schema.scim.comparable import identifier
from schema.scim.errors import InvalidValue, Mutability, NoTarget, PayloadTooLarge
from schema.scim.filter import And, Comparison, Filter, Not, Operator
from schema.scim.operations import Kind, Operation
from schema.scim.predicate import cost, selector
from schema.scim.resource import ELEMENTS_MAX, get, put
from schema.scim.resource_type import AttributePath
from schema.scim.text import fold
from schema.scim.urns import is_urn
from schema.scim.value import KIND, read_part, read_value

COST_MAX = (
    400_000  # Of the value paths of a request, in units of predicate.cost: a tenth of a second.
)


def apply(document: Document, operations: Iterable[Operation]) -> Document:
    """Return the document after all operations, in order; all of them apply or none does.

    Errors: InvalidValue, NoTarget, Mutability (a required attribute removed).
    """
    after, spent = document, 0
    for operation in operations:
        spent += _cost(after, operation)
        refuse_too_much(spent, COST_MAX)
        after = _apply_one(after, operation)
    return _without_void(after, document)


def refuse_too_much(spent: int, most: int) -> None:
    """Raise PayloadTooLarge where the value paths of a request ask more than a moment's work."""
    if spent > most:
        raise PayloadTooLarge(
            "The value paths of this PATCH look at too many values in all; send fewer operations at once."
        )


def _cost(document: Document, operation: Operation) -> int:
    path = operation.path
    if path.filter is None:
        return 0
    return cost(path.filter, len(get(document, path.attribute_path) or ()))


class _Meant(dict[str, Any]):
    """An element whose kind alone an operation has set: it stays, though it says nothing else yet."""


def _without_void(document: Document, former: Document) -> Document:
    """Drop elements that lost all they said but their kind, and what holds nothing without them.

    One whose kind a client has just set stays, and so does one that was of a kind only before: a client that
    sets one sub-attribute at a time must find its element again.
    """
    kept: Document = {}
    for key, value in document.items():
        filled = value
        if isinstance(value, list):
            before = former.get(key, ())
            filled = [_plain(each) for each in value if not _is_void(each) or each in before]
        elif is_urn(key):
            filled = _without_void(value, former.get(key, {}))
        if filled not in ([], {}):
            kept[key] = filled
    return kept


def _is_void(element: Any) -> bool:
    return type(element) is dict and not element.keys() - KIND


def _plain(element: Any) -> Any:
    return dict(element) if type(element) is _Meant else element


def _merged(element: Document, given: Document) -> Document:
    """Return an element with what is given put into it."""
    merged = {**element, **given}
    is_meant = type(element) is _Meant or not given.keys() - KIND
    return _Meant(merged) if is_meant else merged


def _apply_one(document: Document, operation: Operation) -> Document:
    path = operation.path
    if path.attribute.multi_valued:
        former = get(document, path.attribute_path) or []
        elements = _apply_to_elements(former, operation)
        _refuse_too_many(path.attribute.name, elements)
        whole = AttributePath(path.attribute, extension=path.attribute_path.extension)
        return put(document, whole, elements or None)
    return _apply_to_single(document, operation)


def _apply_to_single(document: Document, operation: Operation) -> Document:
    path, attribute = operation.path.attribute_path, operation.path.attribute
    value = None if operation.kind is Kind.REMOVE else operation.value
    is_set_of_subs = attribute.is_complex and "value" not in attribute.sub_attributes
    if is_set_of_subs and not path.sub_attribute and isinstance(value, dict):
        # RFC 7644 §3.5.2.3: sub-attributes that are not given stay as they are.
        return _merge_subs(document, path, value)
    known = read_value(path, value, [])
    if known is None and path.target.required:
        _refuse_absence(operation)
    return put(_without_stale_reference(document, path, known), path, known)


def _without_stale_reference(document: Document, path: AttributePath, value: Any) -> Document:
    """Drop a manager whose `value` becomes another one: its `$ref` would go on naming the former."""
    if path.sub_attribute is None or path.sub_attribute.name != "value":
        return document
    former = (get(document, path) or {}).get("value")
    if former is None or former == value:
        return document
    return put(document, AttributePath(path.attribute, extension=path.extension), None)


def _refuse_absence(operation: Operation) -> NoReturn:
    """Raise what RFC 7644 §3.5.2.2 says of a required attribute removed, and §3.12 of one emptied."""
    if operation.kind is Kind.REMOVE:
        raise Mutability(f"{operation.path} is required and cannot be removed.")
    raise InvalidValue(f"{operation.path} is required and cannot be emptied.")


def _merge_subs(document: Document, path: AttributePath, value: Document) -> Document:
    for name, each in value.items():
        sub = path.attribute.sub_attribute(name)
        if sub and not sub.is_read_only:
            target = AttributePath(path.attribute, sub, path.extension)
            document = put(document, target, read_value(target, each, []))
    return document


def _apply_to_elements(elements: list[Any], operation: Operation) -> list[Any]:
    path = operation.path
    match operation.kind:
        case Kind.REMOVE if path.filter is None and path.sub_attribute is None:
            return _remove_listed(elements, operation)
        case Kind.REMOVE:
            return _remove_selected(elements, operation)
        case Kind.ADD | Kind.REPLACE if path.filter is not None or path.sub_attribute is not None:
            return _write_selected(elements, operation)
        case Kind.ADD:
            return _add(path.attribute, elements, _read_elements(operation))
        case Kind.REPLACE:
            return _add(path.attribute, [], _read_elements(operation))
    raise AssertionError(operation.kind)


def _read_elements(operation: Operation) -> list[Any]:
    given: list[Any] = read_value(operation.path.attribute_path, operation.value, []) or []
    _refuse_too_many(operation.path.attribute.name, given)
    return given


def _refuse_too_many(name: str, elements: list[Any]) -> None:
    if len(elements) > ELEMENTS_MAX:
        raise InvalidValue(f"{name} takes no more than {ELEMENTS_MAX:,} values.")


def _add(attribute: Attribute, elements: list[Any], given: Sequence[Any]) -> list[Any]:
    """Append values that are not there yet; one that is there in other words or letters is updated."""
    # Looked up by identity: a thousand values against a thousand one by one took seconds.
    identity = identifier(attribute)
    places = {identity(each): index for index, each in reversed([*enumerate(elements)])}
    kept, touched = list(elements), dict[int, Any]()
    for each in given:
        index = places.setdefault(identity(each), len(kept))
        if index == len(kept):
            kept.append(each)
        else:
            kept[index] = {**kept[index], **each} if isinstance(each, dict) else each
        touched[index] = kept[index]
    return one_primary(kept, list(touched.values()))


def one_primary(elements: list[Any], touched: Sequence[Any]) -> list[Any]:
    """Return the elements with at most one primary: a new one demotes the former (RFC 7643 §2.4)."""
    new = [each for each in touched if isinstance(each, dict) and each.get("primary") is True]
    if not new:
        return elements
    if len(new) > 1:
        raise InvalidValue("Only one value of an attribute may be primary.")
    return [
        type(each)({**each, "primary": False})
        if each is not new[0] and each.get("primary") is True
        else each
        for each in elements
    ]


def _remove_listed(elements: list[Any], operation: Operation) -> list[Any]:
    """Remove all values, or only those listed, as Entra's default dialect asks (COMPAT)."""
    if operation.value is None:
        return []
    path = operation.path.attribute_path
    sent = operation.value if isinstance(operation.value, list) else [operation.value]
    listed = [each for one in sent if (each := read_part(path, one, [])) is not None]
    is_listed = _membership(path.attribute, listed)
    return [each for each in elements if not is_listed(each)]


def _membership(attribute: Attribute, listed: Sequence[Any]) -> Callable[[Any], bool]:
    """Return what tells whether a value is listed: an object lists all that agree with its keys."""
    wanted: dict[tuple[str, ...], set[tuple[Any, ...]]] = {}
    for each in listed:
        keys = tuple(sorted(each)) if isinstance(each, dict) else ()
        wanted.setdefault(keys, set()).add(_compared_at(attribute, keys, each))
    return lambda element: any(
        _compared_at(attribute, keys, element) in held for keys, held in wanted.items()
    )


def _compared_at(attribute: Attribute, keys: tuple[str, ...], element: Any) -> tuple[Any, ...]:
    """Return the values of an element as they compare (RFC 7643 §2.2, caseExact)."""
    if not isinstance(element, dict):
        return (_compared(attribute, element),)
    return tuple(_compared(attribute.sub_attributes[key.lower()], element.get(key)) for key in keys)


def _compared(attribute: Attribute, value: Any) -> Any:
    return fold(value) if isinstance(value, str) and not attribute.case_exact else value


def _selected(elements: list[Any], operation: Operation) -> list[bool]:
    chosen = operation.path.filter
    if chosen is None:
        return [True] * len(elements)
    return list(map(selector(chosen), elements))


def _remove_selected(elements: list[Any], operation: Operation) -> list[Any]:
    """Remove the elements of a value path, or one sub-attribute of them; none is no error."""
    path, kept = operation.path, []
    for element, is_selected in zip(elements, _selected(elements, operation), strict=True):
        rest = element
        if is_selected:
            rest = _without(element, path.sub_attribute.name) if path.sub_attribute else {}
        if not is_selected or rest:
            kept.append(rest)
    return kept


def _without(element: Document, name: str) -> Document:
    return type(element)({key: value for key, value in element.items() if key != name})


def _write_selected(elements: list[Any], operation: Operation) -> list[Any]:
    """Set a value in the elements of a value path; without a match, make the element.

    RFC 7644 §3.5.2.3 asks for noTarget here. Entra relies on the element being made, and on later
    operations merging into it (scim-for-keycloak#73, SCIM-SDK#416, SCIM-SDK#680).
    """
    path = operation.path
    given = _read_element(operation)
    if given is None:
        return _remove_selected(elements, Operation(Kind.REMOVE, path))
    selected = _selected(elements, operation)
    if not path.attribute.is_complex:
        rest = [each for each, is_one in zip(elements, selected, strict=True) if not is_one]
        return _add(path.attribute, rest, [given])
    if not any(selected):
        return _add(path.attribute, elements, [_merged(_described(path.filter), given)])
    # An object of a kind only says what the values are besides: to put it in their place would be to remove them.
    is_merged = path.sub_attribute or operation.kind is Kind.ADD or not given.keys() - KIND
    touched: list[Any] = []
    written: list[Any] = []
    for element, is_selected in zip(elements, selected, strict=True):
        if is_selected and is_merged:
            touched.append(_merged(element, given))
        elif is_selected:
            touched.append({**_described(path.filter, or_nothing=True), **given})
        written.append(touched[-1] if is_selected else element)
    return one_primary(written, touched)


def _read_element(operation: Operation) -> Any:
    """Return what an operation writes into an element, None where it clears it."""
    path = operation.path
    if path.sub_attribute is None:
        sent = operation.value
        is_list_of_one = isinstance(sent, list) and len(sent) == 1
        return read_part(path.attribute_path, sent[0] if is_list_of_one else sent, [])
    value = read_value(path.attribute_path, operation.value, [])
    return None if value is None else {path.sub_attribute.name: value}


def _is_not_primary(term: Filter | None) -> bool:
    """Tell whether a filter is `primary eq false`, which is read as not being the primary one."""
    return (
        isinstance(term, Not)
        and isinstance(term.term, Comparison)
        and term.term.path.target.name == "primary"
        and term.term.value is True
    )


def _described(chosen: Filter | None, *, or_nothing: bool = False) -> Document:
    """Return the element that a filter of equalities describes: `type eq "work"` → {"type": "work"}.

    Errors: NoTarget for a filter that describes none, unless `or_nothing`.
    """
    terms = chosen.terms if isinstance(chosen, And) else (chosen,)
    element: Document = {}
    for term in terms:
        if isinstance(term, Comparison) and term.operator is Operator.EQ:
            element[term.path.target.name] = term.value
        elif _is_not_primary(term):
            element["primary"] = False
        elif chosen is not None and not or_nothing:
            raise NoTarget("The path selects no value, and its filter does not describe a new one.")
    return element
