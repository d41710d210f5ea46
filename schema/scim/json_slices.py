"""Parse a long JSON text in slices, so that no call into the parser takes more than some milliseconds.

The parser is written in C and does not let other threads run meanwhile: 16 MB in one call would stop the event loop for
a fifth of a second, whichever thread makes the call. So a long container is parsed in runs of its elements. Only
brackets and commas are looked at here; whether a run is valid, the parser says.
"""

import re
from typing import Any, NamedTuple

import orjson

from schema.scim.errors import PayloadTooLarge
from schema.scim.json_text import refuse_repeated_keys, repeated

RUN_BYTES = 65_536  # A container that is longer is parsed in runs of about this length.
TOKEN_BYTES_MAX = 2_228_224  # Of one string or number.
DEPTH_MAX = 1_024  # As the parser's.
NAMES_MAX = 65_536  # Of one object: a million keep a thread busy for seconds.
BLANKS = b" \t\n\r"
# What stands between brackets and commas: strings, and other characters. No part can match in two ways, so the time is
# linear. An object of a few strings is skipped as a whole: a group may list 100,000 of them.
PLAIN = rb'[^"\[\]{},]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"\[\]{},]*+)*+'
SMALL = rb'\{[^"\[\]{}]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"\[\]{}]*+){0,24}+\}'
NEXT = re.compile(rb"%b(?:%b%b)*+([\[\]{},])" % (PLAIN, SMALL, PLAIN), re.DOTALL)
CLOSING = {b"[": b"]", b"{": b"}"}


class NotJson(ValueError):
    """The text is not JSON; the message says where."""


class Element(NamedTuple):
    """An element that was parsed in runs of its own: its place in the text, and its value."""

    start: int
    end: int
    value: Any


def loads(text: bytes) -> Any:
    """Return the value of a JSON text in UTF-8.

    Errors: NotJson; InvalidSyntax if an object has a key twice; PayloadTooLarge for a text in it of more than two
    megabytes, or an object of more than 65,536 names.
    """
    if len(text) <= RUN_BYTES:
        return _parsed(text)
    return _Slices(text).value()


def _parsed(text: bytes, begin: int = 0) -> Any:
    """Return the value of a short text, which begins at this byte of the whole one."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        where = (
            f"byte {begin + error.pos:,}" if begin else f"line {error.lineno} column {error.colno}"
        )
        raise NotJson(f"{error.msg}, at {where}") from None
    refuse_repeated_keys(text)
    return value


class _Container:
    """A list or an object that is open at the present place."""

    __slots__ = ("begin", "closing", "has_built", "is_list", "keys", "opening", "start", "values")

    def __init__(self, opening: bytes, start: int) -> None:
        self.opening, self.closing = opening, CLOSING[opening]
        self.is_list = opening == b"["
        self.start = start
        self.begin = start + 1  # Of the run that is not parsed yet.
        self.has_built = (
            False  # The run begins after an element that was parsed in runs of its own.
        )
        self.values: Any = (
            None  # What was parsed so far; None: nothing, since the container may be short.
        )
        self.keys = set[str]()  # Of an object, in lower case.

    def end_run(self, text: bytes, end: int) -> None:
        """Parse the run up to a comma or to the end of the container. Errors: NotJson, InvalidSyntax."""
        run = text[self.begin : end]
        if self.has_built:
            if run.strip(BLANKS):
                raise _unexpected(self.begin)
            self.has_built = False
        else:
            self._take(run)
        self.begin = end + 1

    def end(self, text: bytes, end: int) -> Any:
        """Return the whole value. Errors: NotJson, InvalidSyntax."""
        is_empty = self.begin == self.start + 1 and not text[self.begin : end].strip(BLANKS)
        if not is_empty:
            self.end_run(text, end)
        elif self.values is None:
            self.values = [] if self.is_list else {}
        return self.values

    def put(self, text: bytes, element: Element) -> None:
        """Take an element that was parsed in runs of its own; the run before it ends there."""
        if self.has_built:
            raise _unexpected(self.begin)
        self._take(text[self.begin : element.start] + b"null", element)
        self.begin, self.has_built = element.end, True

    def _take(self, run: bytes, element: Element | None = None) -> None:
        found = _parsed(self.opening + run + self.closing, self.begin)
        if not found:
            raise _unexpected(self.begin)
        if element is not None:  # In place of the last value, a null.
            found[-1 if self.is_list else next(reversed(found))] = element.value
        if self.is_list:
            self.values = self.values or []
            self.values += found
            return
        for key in found:
            name = key if "[" in key else key.lower()
            if name in self.keys:
                raise repeated(key)
            self.keys.add(name)
        if len(self.keys) > NAMES_MAX:
            raise PayloadTooLarge(
                f"An object in the body has more than {NAMES_MAX:,} names; no resource has so many."
            )
        self.values = self.values or {}
        self.values |= found


def _unexpected(place: int) -> NotJson:
    return NotJson(f"unexpected character, at byte {place + 1:,}")


class _Slices:
    """The state of one parse: the containers that are open, the outermost first."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._open: list[_Container] = []

    def value(self) -> Any:
        """Return the value of the text. Errors: those of `loads`."""
        text, place = self._text, 0
        while True:
            found = NEXT.match(text, place, place + TOKEN_BYTES_MAX)
            if found is None:
                if not place and len(text) <= TOKEN_BYTES_MAX:
                    return _parsed(text)  # No container.
                raise self._without_token(place)
            place, token = found.end(), found[1]
            if token == b",":
                self._separate(place - 1)
            elif token in CLOSING:
                self._begin(token, place - 1)
            elif (element := self._end(token, place - 1)) is not None:
                if text[place:].strip(BLANKS):
                    raise _unexpected(place)
                return element.value

    def _without_token(self, place: int) -> Exception:
        """Return the error for a text that has no bracket or comma here, or none soon enough."""
        if len(self._text) - place > TOKEN_BYTES_MAX:
            return PayloadTooLarge(
                "A text in the body takes more than two megabytes; no attribute takes so much."
            )
        return NotJson(f"unexpected end of data, after byte {place:,}")

    def _begin(self, opening: bytes, place: int) -> None:
        if not self._open and self._text[:place].strip(BLANKS):
            raise _unexpected(0)
        if len(self._open) == DEPTH_MAX:
            raise NotJson("depth limit exceeded")
        self._open.append(_Container(opening, place))

    def _separate(self, place: int) -> None:
        if not self._open:
            raise _unexpected(place)
        container = self._open[-1]
        if container.has_built or place - container.begin >= RUN_BYTES:
            container.end_run(self._text, place)

    def _end(self, closing: bytes, place: int) -> Element | None:
        """Close a container; return it as an element if it is the outermost one."""
        if not self._open or self._open[-1].closing != closing:
            raise _unexpected(place)
        container = self._open.pop()
        is_outermost = not self._open
        if container.values is None and place - container.start < RUN_BYTES and not is_outermost:
            return None  # It is parsed with the run that it is in.
        value = container.end(self._text, place)
        element = Element(container.start, place + 1, value)
        if is_outermost:
            return element
        self._open[-1].put(self._text, element)
        return None
