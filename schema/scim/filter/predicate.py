"""A filter as a predicate over documents: PATCH uses it for value paths, tests as the oracle of the SQL."""

from collections.abc import Callable
from operator import contains, eq, ge, gt, le, lt, ne
from typing import Any, assert_never

from schema.scim.attributes import Attribute, Document
from schema.scim.filter.comparable import converter, is_present
from schema.scim.filter.literal import as_decimal
from schema.scim.filter.parse import And, Comparison, Filter, Not, Operator, Or, Present, ValuePath
from schema.scim.resource import get
from schema.scim.resource_type import AttributePath

Test = Callable[[Any], bool]


def matches(chosen: Filter, document: Any) -> bool:
    """Return whether a filter selects a document, or an element of a multi-valued attribute."""
    return selector(chosen)(document)


def selector(chosen: Filter) -> Test:
    """Return a filter as a predicate over documents, or over elements of a multi-valued attribute.

    An element of a simple attribute is the value itself. expression.py says what filters mean. The literals
    are made comparable once, not for each element: a PATCH may apply a thousand value paths to hundreds of
    values, and nearly all of those are one equality.
    """
    return _equality(chosen) or _of_any(_compiled(chosen))


def _of_any(test: Test) -> Test:
    return lambda element: test(element if isinstance(element, dict) else {"value": element})


def _equality(chosen: Filter) -> Test | None:
    """Return the predicate of one equality with a text or a boolean; None for any other filter."""
    if not isinstance(chosen, Comparison) or chosen.operator is not Operator.EQ:
        return None
    attribute = chosen.path.target
    if attribute.multi_valued or chosen.path.extension or chosen.path.sub_attribute:
        return None
    name, form, wanted = attribute.name, converter(attribute), _form(attribute, chosen.value)
    if not isinstance(wanted, str | bool):
        return None

    def is_equal(element: Any) -> bool:
        value = element.get(name) if isinstance(element, dict) else element
        return is_present(value) and form(value) == wanted

    return is_equal


def _compiled(chosen: Filter) -> Test:
    """Return the predicate over objects that a filter means."""
    match chosen:
        case Comparison(path, operator, value):
            wanted = _form(path.target, value)
            return lambda holder: _satisfies(operator, _values(path, holder), wanted)
        case Present(path):
            return lambda holder: any(map(is_present, _found(path, holder)))
        case And(terms):
            all_of = [_compiled(term) for term in terms]
            return lambda holder: all(test(holder) for test in all_of)
        case Or(terms):
            any_of = [_compiled(term) for term in terms]
            return lambda holder: any(test(holder) for test in any_of)
        case Not(term):
            opposite = _compiled(term)
            return lambda holder: not opposite(holder)
        case ValuePath(path, inner):
            test = selector(inner)
            return lambda holder: any(
                test(each) for each in _found(path, holder) if is_present(each)
            )
        case _:
            assert_never(chosen)


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
