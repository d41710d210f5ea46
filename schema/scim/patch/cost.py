"""What an operation of a PATCH costs, in units of a budget: the values it looks at, times what it compares each with."""

from typing import Any

from schema.scim.budget import weight
from schema.scim.filter.parse import And, Comparison, Filter, Not, Operator, Or, ValuePath
from schema.scim.patch.operations import Kind, Operation

OPERATION_COST = 20  # Of any operation, whatever it does.
TERM_COST = 10  # Of one comparison of a filter with one value; a plain equality costs 1.


def cost(operation: Operation, value: Any) -> int:
    """Return the cost of an operation on the value that its attribute has now."""
    units = OPERATION_COST
    if not operation.path.attribute.multi_valued:
        return units
    elements = value or []
    if operation.path.filter is not None:
        units += filter_cost(operation.path.filter, len(elements), weight(elements))
    given = operation.value if isinstance(operation.value, list) else []
    units += weight(given)
    if operation.kind is Kind.REMOVE:
        units += len(elements) * (1 + membership_cost(given))
    if elements and (given or operation.kind is not Kind.REMOVE):
        units += weight(elements)
    return units


def filter_cost(chosen: Filter, elements: int, elements_weight: int) -> int:
    """Return the cost of applying a filter to values of which their number and weight are known."""
    if isinstance(chosen, Comparison) and chosen.operator is Operator.EQ:
        return elements_weight
    return _terms(chosen) * (TERM_COST * elements + elements_weight)


def membership_cost(listed: list[Any]) -> int:
    """Return what it costs to find one value in a list: objects are looked up once for each set of keys."""
    if len(listed) <= 1:
        return len(listed[0]) + 1 if listed and isinstance(listed[0], dict) else len(listed)
    keys = {tuple(each) if isinstance(each, dict) else () for each in listed}
    return sum(1 + len(each) for each in keys)


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
