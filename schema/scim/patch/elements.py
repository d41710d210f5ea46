"""Apply a PATCH operation to the values of a multi-valued attribute (RFC 7644 §3.5.2)."""

from collections.abc import Callable, Sequence
from typing import Any

from schema.scim.attributes import Attribute, Document
from schema.scim.errors import InvalidValue, NoTarget
from schema.scim.filter.comparable import identifier
from schema.scim.filter.parse import And, Comparison, Filter, Not, Operator
from schema.scim.filter.predicate import selector
from schema.scim.patch.operations import Kind, Operation
from schema.scim.resource import ELEMENTS_MAX
from schema.scim.text import fold
from schema.scim.value import KIND


class _KindSet(dict[str, Any]):
    """An element in which an operation has just set only the kind: it stays, though it holds nothing else."""


def is_void(element: Any) -> bool:
    """Return whether an element holds nothing but its kind, and no operation has just set that."""
    return type(element) is dict and not element.keys() - KIND


def kind_of(element: Document) -> frozenset[tuple[str, Any]]:
    """Return an element that holds nothing but its kind in a form that can be looked up."""
    return frozenset(element.items())


def plain(element: Any) -> Any:
    """Return an element in the form that a document holds."""
    return dict(element) if type(element) is _KindSet else element


def _merged(element: Document, given: Document) -> Document:
    """Return an element with what is given put into it."""
    merged = {**element, **given}
    is_kind_set = type(element) is _KindSet or not given.keys() - KIND
    return _KindSet(merged) if is_kind_set else merged


def apply_to_elements(elements: list[Any], operation: Operation) -> list[Any]:
    """Return the values of an attribute after an operation. Errors: InvalidValue, NoTarget."""
    path, attribute = operation.path, operation.path.attribute
    if operation.kind is Kind.REMOVE:
        return _remove(elements, operation)
    if path.filter is not None or path.sub_attribute is not None:
        after = _write_selected(elements, operation)
    else:
        former = elements if operation.kind is Kind.ADD else []
        after = _add(attribute, former, _taken(operation))
    _refuse_too_many(attribute.name, after)
    return after


def _taken(operation: Operation) -> list[Any]:
    given: list[Any] = operation.value
    _refuse_too_many(operation.path.attribute.name, given)
    return given


def _refuse_too_many(name: str, elements: list[Any]) -> None:
    if len(elements) > ELEMENTS_MAX:
        raise InvalidValue(f"{name} takes no more than {ELEMENTS_MAX:,} values.")


def _add(attribute: Attribute, elements: list[Any], given: Sequence[Any]) -> list[Any]:
    """Append the values that are new; update those whose identity is there already."""
    # Looked up by identity: comparing a thousand values with a thousand, one by one, took seconds.
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


def _remove(elements: list[Any], operation: Operation) -> list[Any]:
    """Remove the values that a path selects, or one sub-attribute of them.

    If the operation lists values, as Entra's do, only those are removed. It is no error to select nothing.
    """
    path, chosen = operation.path, _selected(elements, operation)
    is_listed = _membership(path.attribute, operation.value) if operation.value else None
    kept = []
    for element, is_selected in zip(elements, chosen, strict=True):
        rest = element
        if is_selected and (is_listed is None or is_listed(element)):
            rest = _without(element, path.sub_attribute.name) if path.sub_attribute else None
        if rest not in (None, {}):
            kept.append(rest)
    return kept


def _membership(attribute: Attribute, listed: Sequence[Any]) -> Callable[[Any], bool]:
    """Return the predicate for listed values: an object lists all elements that agree with it in its keys."""
    wanted: dict[tuple[str, ...], set[tuple[Any, ...]]] = {}
    for each in listed:
        keys = tuple(sorted(each)) if isinstance(each, dict) else ()
        form = _form(attribute, each)
        wanted.setdefault(keys, set()).add(tuple(map(form.get, keys or PLAIN)))

    def is_listed(element: Any) -> bool:
        form = _form(attribute, element)  # Made once, however many sets of keys there are.
        return any(tuple(map(form.get, keys or PLAIN)) in held for keys, held in wanted.items())

    return is_listed


PLAIN = ("value",)  # The key of a simple value in its comparable form.


def _form(attribute: Attribute, element: Any) -> Document:
    """Return an element, or a listed value, in comparable form (RFC 7643 §2.2, caseExact)."""
    if not isinstance(element, dict):
        return {"value": _compared(attribute, element)}
    subs = attribute.sub_attributes
    return {
        key: _compared(subs.get(key.lower(), attribute), value) for key, value in element.items()
    }


def _compared(attribute: Attribute, value: Any) -> Any:
    return fold(value) if isinstance(value, str) and not attribute.case_exact else value


def _selected(elements: list[Any], operation: Operation) -> list[bool]:
    """Return for each element whether the path of an operation selects it."""
    chosen = operation.path.filter
    if chosen is None:
        return [True] * len(elements)
    return list(map(selector(chosen), elements))


def _without(element: Document, name: str) -> Document:
    return type(element)({key: value for key, value in element.items() if key != name})


def _write_selected(elements: list[Any], operation: Operation) -> list[Any]:
    """Set a value in the elements that a value path selects; if it selects none, create the element.

    RFC 7644 §3.5.2.3 asks for noTarget here. Entra relies on the element being created, and on later
    operations merging into it (scim-for-keycloak#73, SCIM-SDK#416, SCIM-SDK#680).
    """
    path = operation.path
    given = _written_element(operation)
    if given is None:
        return _remove(elements, Operation(Kind.REMOVE, path))
    selected = _selected(elements, operation)
    if not path.attribute.is_complex:
        rest = [each for each, is_one in zip(elements, selected, strict=True) if not is_one]
        return _add(path.attribute, rest, [given])
    if not any(selected):
        return _add(path.attribute, elements, [_merged(_described(path.filter), given)])
    # An object that holds only a kind adds it to the values; if it replaced them, it would remove them.
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


def _written_element(operation: Operation) -> Any:
    """Return what an operation writes into an element; None if it clears the value."""
    value, sub = operation.value, operation.path.sub_attribute
    if sub is None:
        return value[0] if value else None
    return None if value is None else {sub.name: value}


def _is_not_primary(term: Filter | None) -> bool:
    """Return whether a filter is `primary eq false`, which is parsed as `not (primary eq true)`."""
    return (
        isinstance(term, Not)
        and isinstance(term.term, Comparison)
        and term.term.path.target.name == "primary"
        and term.term.value is True
    )


def _described(chosen: Filter | None, *, or_nothing: bool = False) -> Document:
    """Return the element that a filter of equalities describes: `type eq "work"` → {"type": "work"}.

    Errors: NoTarget for a filter that describes no element, unless `or_nothing`.
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
