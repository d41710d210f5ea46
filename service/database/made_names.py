"""The names that migrations create, read from their text. A database where one is taken is refused early. Pure."""

import re
from collections.abc import Iterable
from typing import NamedTuple

COMMENT = re.compile(r"--[^\n]*")
SCHEMA = re.compile(r"\bCREATE SCHEMA (\w+)")
RELATION = re.compile(r"\bCREATE (?:TABLE|VIEW|MATERIALIZED VIEW|SEQUENCE) (\w+\.\w+)")
FUNCTION = re.compile(r"\bCREATE (?:FUNCTION|PROCEDURE) (\w+\.\w+)")


class MadeNames(NamedTuple):
    """The names that migrations create, without those that they only replace."""

    schemas: frozenset[str]
    relations: frozenset[str]
    functions: frozenset[str]


def names_made(texts: Iterable[str]) -> MadeNames:
    """Return the names that these migrations create; relations and functions with their schema."""
    text = COMMENT.sub("", "\n".join(texts))
    return MadeNames(*(frozenset(each.findall(text)) for each in (SCHEMA, RELATION, FUNCTION)))


def names_to_make(missing: Iterable[str], applied: Iterable[str]) -> MadeNames:
    """Return the names that the missing migrations create and the applied ones have not."""
    new, held = names_made(missing), names_made(applied)
    return MadeNames(*(new[index] - held[index] for index in range(len(new))))
