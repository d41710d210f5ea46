"""Parse filters (RFC 7644 §3.4.2.2), text → AST; expression.py says what the AST means."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial

from schema.scim.attributes import Attribute, AttributeType
from schema.scim.filter.comparison import compare, is_never_returned
from schema.scim.filter.expression import (
    And,
    Comparison,
    Filter,
    Not,
    Operator,
    Or,
    Present,
    ValuePath,
)
from schema.scim.filter.literal import UnfitError
from schema.scim.filter.tokens import FILTER_LENGTH_MAX, Token, quote, tokenize, wrong
from schema.scim.resource_type import AttributePath, ResourceType

__all__ = [
    "And",
    "Comparison",
    "Filter",
    "Not",
    "Operator",
    "Or",
    "Present",
    "ValuePath",
    "parse_filter",
    "parse_value_filter",
    "read_equality",
]

FILTER_DEPTH_MAX = 50  # Levels of nested brackets.
CACHED_LENGTH_MAX = 500
FILTER_TERMS_MAX = 200  # Comparisons in one filter.

OPERATORS = {each.value: each for each in Operator}
KEYWORDS = frozenset({"and", "or", "not"})

# The text is one that JSON writes as it is: without escapes, control characters and lone surrogates.
EQUALITY = re.compile(r'([^\s()\[\]"]{1,200}) eq "([^"\\\x00-\x1f\ud800-\udfff]+)"', re.IGNORECASE)

Find = Callable[[str], AttributePath | None]


def parse_filter(text: str, resource_type: ResourceType) -> Filter:
    """Return the filter of a query. Errors: InvalidFilter, with the place and what to write."""
    parse = _parse if len(text) > CACHED_LENGTH_MAX else _parse_cached
    return read_equality(text, resource_type) or parse(text, resource_type)


def _parse(text: str, resource_type: ResourceType) -> Filter:
    return _Parser(tokenize(text), resource_type.find).whole()


# Clients repeat the filters that are longer than one equality, and few of them are long.
_parse_cached = lru_cache(maxsize=1024)(_parse)


def read_equality(text: str, resource_type: ResourceType) -> Comparison | None:
    """Return the filter `attribute eq "text"`, by far the most common one, in a third of the parser's time.

    None for any other filter, and for a wrong one: the parser reads those.
    """
    found = EQUALITY.fullmatch(text) if len(text) <= FILTER_LENGTH_MAX else None
    path = resource_type.find(found[1]) if found else None
    if found is None or path is None or path.target.type is not AttributeType.STRING:
        return None
    return None if is_never_returned(path) else Comparison(path, Operator.EQ, found[2])


def parse_value_filter(text: str, attribute: Attribute) -> Filter:
    """Return the filter of a value path, the inside of `emails[…]`. Errors: InvalidFilter."""
    parser = _Parser(tokenize(text), partial(_find_in_element, attribute))
    parser.within = f" of {attribute.name}"
    return parser.whole()


def _find_in_element(attribute: Attribute, name: str) -> AttributePath | None:
    """Resolve a name in a value path: a sub-attribute, or `value` of a simple attribute."""
    if attribute.is_complex:
        sub = attribute.sub_attribute(name)
        return AttributePath(sub) if sub else None
    if name.lower() != "value":
        return None
    return AttributePath(replace(attribute, name="value", multi_valued=False))


class _Parser:
    """The state of one parse: the next token, how deeply it is nested, and how names resolve there."""

    def __init__(self, tokens: list[Token], find: Find) -> None:
        self.tokens = tokens
        self.find = find
        self.within = ""  # " of emails" while a value path of emails is being read.
        self.next = 0
        self.depth = 0
        self.terms = 0

    def whole(self) -> Filter:
        """Read a filter up to the end."""
        found = self.any_of()
        if self.peek().text:
            raise wrong(
                self.peek(), f"expected `and`, `or` or the end, but found {quote(self.peek())}"
            )
        return found

    def any_of(self) -> Filter:
        """Read terms joined by `or`, which binds weaker than `and`."""
        terms = [self.all_of()]
        while self.skip("or"):
            terms.append(self.all_of())
        return Or(tuple(terms)) if len(terms) > 1 else terms[0]

    def all_of(self) -> Filter:
        """Read terms joined by `and`."""
        terms = [self.term()]
        while self.skip("and"):
            terms.append(self.term())
        return And(tuple(terms)) if len(terms) > 1 else terms[0]

    def term(self) -> Filter:
        """Read one term: a comparison, a value path, or a filter in parentheses."""
        token = self.take()
        if token.text == "(":
            return self.enclosed(token, ")")
        if not token.is_word:
            raise wrong(token, f"expected an attribute, `not` or `(`, but found {quote(token)}")
        if token.text.lower() == "not":
            if self.peek().text != "(":
                raise wrong(self.peek(), "expected `(` after `not`; write not (…)")
            return Not(self.enclosed(self.take(), ")"))
        if self.peek().text == "[":
            return self.value_path(token)
        return self.comparison(token, token.text)

    def enclosed(self, opening: Token, closing: str) -> Filter:
        """Read a filter and its closing bracket; the opening one has been read."""
        self.depth += 1
        if self.depth > FILTER_DEPTH_MAX:
            raise wrong(
                opening, f"brackets nest deeper than {FILTER_DEPTH_MAX}; flatten the filter"
            )
        found = self.any_of()
        if self.peek().text != closing:
            raise wrong(
                self.peek(), f"expected `and`, `or` or `{closing}`, but found {quote(self.peek())}"
            )
        self.take()
        self.depth -= 1
        return found

    def value_path(self, name: Token) -> Filter:
        """Read `attribute[filter]`, or `attribute[filter].sub op value`: one element must satisfy it all."""
        path = self.resolve(name, name.text)
        if self.within or not path.target.multi_valued:
            raise wrong(
                self.peek(), f"{name.text} is not multi-valued: write `and` in place of [ ]"
            )
        outer = self.find
        self.find, self.within = partial(_find_in_element, path.attribute), f" of {path}"
        found = self.enclosed(self.take(), "]")
        if self.peek().text.startswith("."):
            sub = self.take()
            found = And((found, self.comparison(sub, sub.text[1:])))
        self.find, self.within = outer, ""
        return ValuePath(path, found)

    def comparison(self, token: Token, name: str) -> Filter:
        """Read an operator and its value; the name has been read."""
        self.terms += 1
        if self.terms > FILTER_TERMS_MAX:
            raise wrong(token, f"more than {FILTER_TERMS_MAX} comparisons; ask in several requests")
        path = self.resolve(token, name)
        sign = self.take()
        word = sign.text.lower()
        if word == "pr":
            return Present(path)
        if word not in OPERATORS:
            named = ", ".join(OPERATORS)
            raise wrong(sign, f"expected {named} or pr after {path}, but found {quote(sign)}")
        return self.compare(path, OPERATORS[word])

    def compare(self, path: AttributePath, operator: Operator) -> Filter:
        """Read the value of a comparison."""
        token = self.take()
        is_value = token.is_word or token.text.startswith('"')
        if not is_value or token.text.lower() in KEYWORDS:
            raise wrong(
                token, f'expected a value such as "x" after {operator}, but found {quote(token)}'
            )
        try:
            return compare(path, operator, token.text)
        except UnfitError as error:
            raise wrong(token, str(error)) from None

    def resolve(self, token: Token, name: str) -> AttributePath:
        """Return what a name means. Errors: InvalidFilter for an unknown name."""
        path = self.find(name)
        if path is None:
            raise wrong(token, f"there is no attribute {quote(token)}{self.within}")
        if is_never_returned(path):
            raise wrong(token, f"{path} is never returned, so no filter may use it")
        return path

    def skip(self, word: str) -> bool:
        """Take the next token if it is this word, in any case."""
        is_next = self.peek().text.lower() == word
        self.next += is_next
        return is_next

    def peek(self) -> Token:
        """Return the next token."""
        return self.tokens[self.next]

    def take(self) -> Token:
        """Return the next token and move past it; the end token stays next."""
        token = self.tokens[self.next]
        self.next += bool(token.text)
        return token
