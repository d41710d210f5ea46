"""A filter as a predicate over documents: PATCH uses it for value paths, tests as the oracle of the SQL."""

from collections.abc import Callable
from functools import partial
from operator import contains, eq, ge, gt, le, lt, ne
from typing import Any, assert_never

from schema.scim.attributes import Attribute, Document
from schema.scim.filter.comparable import converter, is_present
from schema.scim.filter.literal import as_decimal
from schema.scim.filter.parse import And, Comparison, Filter, Not, Operator, Or, Present, ValuePath
from schema.scim.resource import get
from schema.scim.resource_type import AttributePath


def matches(chosen: Filter, document: Any) -> bool:
    """Return whether a filter selects a document, or an element of a multi-valued attribute.

    An element of a simple attribute is the value itself. expression.py says what filters mean.
    """
    holder = document if isinstance(document, dict) else {"value": document}
    match chosen:
        case Comparison(path, operator, value):
            return _satisfies(operator, _values(path, holder), _form(path.target, value))
        case Present(path):
            return any(map(is_present, _found(path, holder)))
        case And(terms):
            return all(matches(term, holder) for term in terms)
        case Or(terms):
            return any(matches(term, holder) for term in terms)
        case Not(term):
            return not matches(term, holder)
        case ValuePath(path, inner):
            return any(matches(inner, each) for each in _found(path, holder) if is_present(each))
        case _:
            assert_never(chosen)


def selector(chosen: Filter) -> Callable[[Any], bool]:
    """Return a filter as a predicate that is cheap to call many times.

    A PATCH may apply a thousand value paths to hundreds of values; nearly all are one equality.
    """
    if not isinstance(chosen, Comparison) or chosen.operator is not Operator.EQ:
        return partial(matches, chosen)
    attribute = chosen.path.target
    if attribute.multi_valued or chosen.path.extension or chosen.path.sub_attribute:
        return partial(matches, chosen)
    name, form, wanted = attribute.name, converter(attribute), _form(attribute, chosen.value)
    if not isinstance(wanted, str | bool):
        return partial(matches, chosen)

    def is_equal(element: Any) -> bool:
        value = element.get(name) if isinstance(element, dict) else element
        return is_present(value) and form(value) == wanted

    return is_equal


def cost(chosen: Filter | None, elements: int) -> int:
    """Return the cost of applying a filter to this many elements, in units of a plain equality."""
    if chosen is None:
        return 0
    is_plain = isinstance(chosen, Comparison) and chosen.operator is Operator.EQ
    return elements * (1 if is_plain else TERM_COST * _terms(chosen))


TERM_COST = 10


def _terms(chosen: Filter) -> int:
    match chosen:
        case And(terms) | Or(terms):
            return sum(map(_terms, terms))
        case Not(term):
            return _terms(term)
        case ValuePath(_, inner):
            return 1 + _terms(inner)
        case _:
            return 1


def _found(path: AttributePath, document: Document) -> list[Any]:
    """Return the list of what a document holds at a path, whether one or many, present or not."""
    value = get(document, path)
    elements = value if isinstance(value, list) else [value]
    if path.sub_attribute is None:
        return elements
    return [each.get(path.sub_attribute.name) for each in elements if isinstance(each, dict)]


def _values(path: AttributePath, document: Document) -> list[Any]:
    forms = (_form(path.target, each) for each in _found(path, document) if is_present(each))
    return [form for form in forms if form is not None]


def _form(attribute: Attribute, value: Any) -> Any:
    form = converter(attribute)(value)
    return as_decimal(form) if isinstance(form, float) else form


def _satisfies(operator: Operator, values: list[Any], wanted: Any) -> bool:
    """Return whether any of the values that are present satisfies a comparison."""
    if operator is Operator.NE and not values:
        return True
    holds = HOLDS[operator]
    return any(holds(value, wanted) for value in values)


HOLDS: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQ: eq,
    Operator.NE: ne,
    Operator.CO: contains,
    Operator.SW: str.startswith,
    Operator.EW: str.endswith,
    Operator.GT: gt,
    Operator.GE: ge,
    Operator.LT: lt,
    Operator.LE: le,
}
