"""The tokens of a filter: brackets, JSON strings and words, each with its place."""

import re
from typing import NamedTuple

from schema.scim.errors import InvalidFilter

FILTER_LENGTH_MAX = 8_000  # Characters; Entra's longest filters have a few hundred.
QUOTED_MAX = 100  # Characters of a client's text that a refusal repeats.

# Only a blank, a bracket or a quote ends a word: names hold colons, and bare values may hold anything else.
# No part can match the same text in two ways, so the time is linear in the length.
TOKEN = re.compile(r'\s*([()\[\]]|"[^"\\]*(?:\\.[^"\\]*)*"|[^\s()\[\]"]+)', re.DOTALL)


class Token(NamedTuple):
    """A piece of a filter; `place` counts characters from 1. At the end, `text` is empty."""

    text: str
    place: int

    @property
    def is_word(self) -> bool:
        """Return whether the token is a name, an operator or a bare value."""
        return self.text[:1] not in ("", "(", ")", "[", "]", '"')


def tokenize(text: str) -> list[Token]:
    """Return the tokens of a filter, with an empty one at the end. Errors: InvalidFilter."""
    if len(text) > FILTER_LENGTH_MAX:
        raise InvalidFilter(
            f"The filter is longer than {FILTER_LENGTH_MAX:,} characters; ask in several requests."
        )
    _refuse_unwritable(text)
    tokens: list[Token] = []
    place, end = 0, len(text.rstrip())
    while place < end:
        match = TOKEN.match(text, place, end)
        if match is None:
            at = place + len(text[place:end]) - len(text[place:end].lstrip())
            raise wrong(Token(text[at:end], at + 1), "a string lacks the double quote that ends it")
        tokens.append(Token(match[1], match.start(1) + 1))
        place = match.end()
    return [*tokens, Token("", end + 1)]


def wrong(token: Token, what: str) -> InvalidFilter:
    """Return a refusal that names a token's place, and what is wrong or what to write instead."""
    return InvalidFilter(f"The filter is wrong at character {token.place}: {what}.")


def quote(token: Token) -> str:
    """Return a token as refusals show it."""
    if not token.text:
        return "the end"
    return repr(token.text if len(token.text) <= QUOTED_MAX else f"{token.text[:QUOTED_MAX]}…")


def _refuse_unwritable(text: str) -> None:
    """Refuse characters that no stored value can hold or that no answer could repeat."""
    if "\0" in text:
        raise InvalidFilter("The filter holds the character NUL; leave it out.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidFilter(
            f"The filter is not valid Unicode at character {error.start + 1}; encode it as UTF-8."
        ) from None
