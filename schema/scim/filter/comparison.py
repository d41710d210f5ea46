"""Comparisons: an attribute, an operator and a literal that fit each other."""

from dataclasses import replace

from schema.scim.attributes import AttributeType
from schema.scim.filter.expression import (
    Comparison,
    Filter,
    Not,
    Operator,
    Or,
    Present,
    ValuePath,
)
from schema.scim.filter.literal import Literal, UnfitError, read_literal
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
        value = read_literal(literal, path.target)
        return (
            _compare_primary(path, operator, value)
            if _is_primary(path)
            else Comparison(path, operator, value)
        )
    except UnfitError as error:
        raise UnfitError(f"the value for {path} {error}") from None


def comparable_path(path: AttributePath) -> AttributePath:
    """Return the path whose values can be compared or sorted: that of `value`, if the attribute is complex.

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
    """Return whether no answer may depend on an attribute's value, as with passwords."""
    return "never" in (path.attribute.returned, path.target.returned)


def _is_primary(path: AttributePath) -> bool:
    """Return whether a path means `primary` of a value, not an attribute that happens to have this name."""
    is_sub = path.sub_attribute is not None or path.extension is None
    return is_sub and path.target.name == "primary" and path.target.type is AttributeType.BOOLEAN


def _compare_primary(path: AttributePath, operator: Operator, value: Literal) -> Filter:
    """Return a comparison of `primary`, which is false if a value does not state it (RFC 7643 §2.4)."""
    is_true = Comparison(path, Operator.EQ, value=True)
    if (operator is Operator.EQ) is (value is True):
        holds: Filter = is_true
    elif path.sub_attribute is None:  # In a value path.
        holds = Not(is_true)
    else:
        in_element = replace(is_true, path=AttributePath(path.sub_attribute))
        holds = ValuePath(replace(path, sub_attribute=None), Not(in_element))
    if operator is Operator.EQ or path.sub_attribute is None:
        return holds
    return Or((holds, Not(Present(replace(path, sub_attribute=None)))))


def _compare_null(path: AttributePath, operator: Operator) -> Filter:
    """Return the filter that `eq null` or `ne null` means: whether there is a value."""
    match operator:
        case Operator.EQ:
            return Not(Present(path))
        case Operator.NE:
            return Present(path)
        case _:
            raise UnfitError("only eq and ne compare with null")
