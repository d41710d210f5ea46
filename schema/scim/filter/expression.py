"""What a filter is and what it means (RFC 7644 §3.4.2.2); parse.py parses it.

There are two readings: a predicate over documents (predicate.py), and SQL (projections: filter_sql.py).

The meaning is the same in both:

- Texts compare folded (`fold` in text.py) unless their attribute is caseExact, and sort by code point;
  dateTimes compare as instants, numbers by value.
- A comparison on a multi-valued attribute holds if any of its values satisfies it; a value path holds
  if one element satisfies all of it, `emails[type eq "work"].value eq "x"` included.
- Null, "", and empty lists and objects are absent. An absent value satisfies only `ne`, `eq null` and
  `not (…)`. So `ne` holds if some value differs, or if there is none.
- `primary` is false for a value that does not state it (RFC 7643 §2.4): `primary eq false` is parsed as
  `not (primary eq true)`.
- A complex attribute without a sub-attribute compares by its `value`: `members eq "x"`.
"""

from dataclasses import dataclass
from enum import StrEnum

from schema.scim.filter.literal import Literal
from schema.scim.resource_type import AttributePath


class Operator(StrEnum):
    """The operators that compare with a value; clients write them in any case."""

    EQ = "eq"
    NE = "ne"
    CO = "co"
    SW = "sw"
    EW = "ew"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"


@dataclass(frozen=True, slots=True)
class Comparison:
    """An attribute compared with a value of its type: texts as sent, dateTimes as UTC text."""

    path: AttributePath
    operator: Operator
    value: Literal


@dataclass(frozen=True, slots=True)
class Present:
    """An attribute that has a value."""

    path: AttributePath


@dataclass(frozen=True, slots=True)
class And:
    """All of several filters hold; there are at least two."""

    terms: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of several filters holds; there are at least two."""

    terms: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a filter."""

    term: "Filter"


@dataclass(frozen=True, slots=True)
class ValuePath:
    """An element of a multi-valued attribute that a filter selects.

    The paths of the inner filter start at the element: its sub-attributes, or `value` for the element
    of a simple attribute.
    """

    path: AttributePath
    filter: "Filter"


Filter = Comparison | Present | And | Or | Not | ValuePath
