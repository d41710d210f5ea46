"""Hypothesis strategies for documents and filters that have a chance to match each other."""

import itertools
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
from hypothesis import strategies as st

from schema.scim.attributes import Attribute, AttributeType, Document, read_schema
from schema.scim.definitions import USER
from schema.scim.filter.comparison import ORDERING, SUBSTRING, TEXTS, UNORDERED
from schema.scim.filter.parse import Operator

EXTENSION = "urn:example:params:scim:schemas:extension:test:2.0:User"
TYPES = ("string", "boolean", "integer", "decimal", "dateTime", "reference", "binary")
SINGLE = [{"name": f"a_{kind}", "type": kind} for kind in TYPES]
EXACT = {"name": "exact", "type": "string", "caseExact": True}
SUBS = [{"name": "value", "type": "string"}, {"name": "primary", "type": "boolean"}, EXACT, *SINGLE]

# A user type with every type of attribute: single, multi-valued, and inside elements.
ANY_USER = USER.with_extensions(
    (
        read_schema(
            {
                "id": EXTENSION,
                "name": "Test",
                "attributes": [
                    EXACT,
                    *SINGLE,
                    *({**each, "name": f"{each['name']}s", "multiValued": True} for each in SINGLE),
                    {
                        "name": "parts",
                        "type": "complex",
                        "multiValued": True,
                        "subAttributes": SUBS,
                    },
                    {"name": "part", "type": "complex", "subAttributes": SUBS},
                ],
            }
        ),
    )
)
PLAIN = (
    "a",
    "A",
    "b",
    "ab",
    "AB",
    "aba",
    "a b",
    "1",
    "true",
    "null",
    "%",
    "_",
    "'",
    '"',
    "\\",
    "[",
    "{}",
)
FOREIGN = (
    "é",
    "e\u0301",
    "É",
    "ß",
    "ss",
    "İ",
    "\u212a",
    "k",
    "ﬀ",
    "😀",
    "\uffff",
    "\u0345",
    "\u017f",
    "\u03c2",
    "\u03c3",
    "Σ",
    "H\u0331",
    "\u1e96",
)
ASCII = st.one_of(st.sampled_from(PLAIN), st.text("abAB10", min_size=1, max_size=3))
UNICODE = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXTS_OF_ALL_KINDS = st.one_of(
    ASCII, st.sampled_from(FOREIGN), st.text(UNICODE, min_size=1, max_size=3)
)

MOMENT = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
MOMENTS = st.builds(
    lambda minutes, zone: (MOMENT + timedelta(minutes=minutes)).astimezone(zone),
    st.integers(-2, 2),
    st.sampled_from([UTC, timezone(timedelta(hours=2)), timezone(-timedelta(hours=9))]),
)
DATE_TIMES = st.one_of(
    MOMENTS.map(datetime.isoformat),
    MOMENTS.map(lambda moment: moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")),
    st.sampled_from(
        ["2026-01-31T09:30:00", "0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00"]
    ),
)
INTEGERS = st.one_of(st.integers(-2, 2), st.sampled_from([2**53 + 1, 2**63 - 1, -(2**63) + 1]))
DECIMALS = st.one_of(
    st.sampled_from([0.1, 0.2, 0.3, -0.5, 1.0, 1e308, 5e-324, 1.2345678901234568e18]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-2, 2),
)


def values(attribute: Attribute, texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Return values of an attribute as a document holds them."""
    if attribute.multi_valued:
        return st.lists(single_values(attribute, texts), min_size=1, max_size=3)
    return single_values(attribute, texts)


def single_values(attribute: Attribute, texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Return single values of an attribute."""
    match attribute.type:
        case AttributeType.BOOLEAN:
            return st.booleans()
        case AttributeType.INTEGER:
            return INTEGERS
        case AttributeType.DECIMAL:
            return DECIMALS
        case AttributeType.DATE_TIME:
            return DATE_TIMES
        case AttributeType.COMPLEX:
            return some_of(attribute.sub_attributes.values(), texts)
        case _:
            return texts


def some_of(
    attributes: Iterable[Attribute], texts: st.SearchStrategy[str]
) -> st.SearchStrategy[Document]:
    """Return objects with some of the attributes, at least one."""
    strategies = {each.name: values(each, texts) for each in attributes}
    return st.fixed_dictionaries({}, optional=strategies).filter(bool)


def literals(attribute: Attribute, texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return literals that fit an attribute, as a filter writes them."""
    match attribute.type:
        case AttributeType.BOOLEAN:
            return st.sampled_from(["true", "false", '"True"', '"False"'])
        case AttributeType.INTEGER | AttributeType.DECIMAL:
            return st.one_of(INTEGERS, DECIMALS).map(lambda number: orjson.dumps(number).decode())
        case AttributeType.DATE_TIME:
            return DATE_TIMES.map(quoted)
        case _:
            return texts.map(quoted)


def quoted(text: str) -> str:
    """Return a text as a JSON string."""
    return orjson.dumps(text).decode()


def operators(attribute: Attribute) -> list[Operator]:
    """Return the operators that an attribute's type has."""
    kind = attribute.type
    return [
        each
        for each in Operator
        if not (each in SUBSTRING and kind not in TEXTS)
        and not (each in ORDERING and kind in UNORDERED)
    ]


Named = tuple[str, Attribute]  # How a filter names an attribute → the attribute.


def names(attributes: Iterable[Attribute], prefix: str = "") -> list[Named]:
    """Return the names that comparisons can use: attributes and sub-attributes with a comparable value."""
    found: list[Named] = []
    for each in attributes:
        name = f"{prefix}{each.name}"
        subs = each.sub_attributes.values()
        found += [(f"{name}.{sub.name}", sub) for sub in subs] if subs else [(name, each)]
        if value := each.sub_attribute("value"):
            found.append((name, value))  # A complex attribute is compared by its `value`.
    return found


def filters(
    attributes: Iterable[Attribute], texts: st.SearchStrategy[str], prefix: str = ""
) -> st.SearchStrategy[str]:
    """Return filters over attributes, as text: every operator, value paths, and, or, not."""
    attributes = list(attributes)
    compared = comparisons(names(attributes, prefix), texts)
    many = [value_paths(each, texts, prefix) for each in attributes if each.multi_valued]
    return combined(st.one_of(compared, st.one_of(many) if many else compared))


def combined(leaves: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return filters joined by and, or, not and parentheses."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(inner, inner).map(" and ".join),
            st.tuples(inner, inner).map(" or ".join),
            inner.map("not ({})".format),
            inner.map("({})".format),
        ),
        max_leaves=4,
    )


def every_comparison(
    attributes: Iterable[Attribute], texts: Sequence[str], prefix: str = ""
) -> list[str]:
    """Return a comparison for each attribute and operator, taking literals in rotation."""
    pools = {kind: itertools.cycle(pool) for kind, pool in literal_pools(texts).items()}
    named = names(attributes, prefix)
    compared = [
        f"{name} {operator} {next(pools[attribute.type])}"
        for name, attribute in named
        for operator in operators(attribute)
    ]
    return compared + [f"{name} pr" for name, _ in named]


def literal_pools(texts: Sequence[str]) -> dict[AttributeType, list[str]]:
    """Return literals for each type of attribute."""
    written = [quoted(text) for text in texts]
    numbers = ["0", "1", "-1", "0.1", "-0.5", "2", "1e308", "9223372036854775807"]
    moments = ["2026-01-31T09:30:00Z", "2026-01-31T11:31:00+02:00", "0001-01-01T00:00:00"]
    return {
        AttributeType.STRING: written,
        AttributeType.REFERENCE: written,
        AttributeType.BINARY: written,
        AttributeType.BOOLEAN: ["true", "false", '"False"'],
        AttributeType.INTEGER: numbers,
        AttributeType.DECIMAL: numbers,
        AttributeType.DATE_TIME: [quoted(moment) for moment in moments],
    }


def comparisons(named: list[Named], texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return comparisons of one attribute."""
    return st.sampled_from(named).flatmap(lambda each: comparison(*each, texts))


def comparison(
    name: str, attribute: Attribute, texts: st.SearchStrategy[str]
) -> st.SearchStrategy[str]:
    """Return comparisons of an attribute: mostly with a value, sometimes with pr or null."""
    compared = st.tuples(
        st.just(name), st.sampled_from(operators(attribute)), literals(attribute, texts)
    ).map(" ".join)
    return st.one_of(
        compared, compared, st.sampled_from([f"{name} pr", f"{name} eq null", f"{name} ne null"])
    )


def value_paths(
    attribute: Attribute, texts: st.SearchStrategy[str], prefix: str
) -> st.SearchStrategy[str]:
    """Return value paths of a multi-valued attribute, sometimes with a comparison after the bracket."""
    subs = list(attribute.sub_attributes.values())
    inner = combined(comparisons(names(subs) or [("value", attribute)], texts))
    bare = inner.map(f"{prefix}{attribute.name}[{{}}]".format)
    if not subs:
        return bare
    behind = comparisons([(f".{name}", sub) for name, sub in names(subs)], texts)
    return st.one_of(bare, st.tuples(bare, behind).map("".join))
