"""Which comparisons there are: an attribute, an operator and a literal that fit each other."""

from dataclasses import replace

from schema.scim.attributes import AttributeType
from schema.scim.expression import Comparison, Filter, Not, Operator, Present
from schema.scim.literal import UnfitError, read_literal
from schema.scim.resource_type import AttributePath

SUBSTRING = frozenset({Operator.CO, Operator.SW, Operator.EW})
ORDERING = frozenset({Operator.GT, Operator.GE, Operator.LT, Operator.LE})
TEXTS = frozenset({AttributeType.STRING, AttributeType.REFERENCE})
UNORDERED = frozenset({AttributeType.BOOLEAN, AttributeType.BINARY})


def compare(path: AttributePath, operator: Operator, literal: str) -> Filter:
    """Return the comparison of a path with a literal as written. Errors: UnfitError."""
    if literal == "null":
        return _compare_null(path, operator)
    path = comparable_path(path)
    kind = path.target.type
    is_unfit = operator in ORDERING and kind in UNORDERED  # RFC 7644 §3.4.2.2, table 3
    if is_unfit or (operator in SUBSTRING and kind not in TEXTS):
        raise UnfitError(f"{path} is of type {kind}, which {operator} does not compare")
    try:
        return Comparison(path, operator, read_literal(literal, path.target))
    except UnfitError as error:
        raise UnfitError(f"the value for {path} {error}") from None


def comparable_path(path: AttributePath) -> AttributePath:
    """Return where a path finds what can be compared or sorted: `value`, if it is complex.

    Errors: UnfitError for a complex attribute without `value`.
    """
    if not path.target.is_complex:
        return path
    sub = path.attribute.sub_attribute("value")
    if sub is None:
        first = next(iter(path.attribute.sub_attributes.values()))
        such = replace(path, sub_attribute=first)
        raise UnfitError(f"{path} is complex; name a sub-attribute of it, such as {such}")
    return replace(path, sub_attribute=sub)


def is_never_returned(path: AttributePath) -> bool:
    """Tell whether no answer may depend on an attribute's value, as with passwords."""
    return "never" in (path.attribute.returned, path.target.returned)


def _compare_null(path: AttributePath, operator: Operator) -> Filter:
    """Return what `eq null` and `ne null` ask: whether there is a value."""
    match operator:
        case Operator.EQ:
            return Not(Present(path))
        case Operator.NE:
            return Present(path)
        case _:
            raise UnfitError("only eq and ne compare with null")
