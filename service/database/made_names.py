"""The names that a migration makes, read from its text: so what stands in their place is refused before anything is written. Pure."""

import re
from collections.abc import Iterable
from typing import NamedTuple

COMMENT = re.compile(r"--[^\n]*")
SCHEMA = re.compile(r"\bCREATE SCHEMA (\w+)")
RELATION = re.compile(r"\bCREATE (?:TABLE|VIEW|MATERIALIZED VIEW|SEQUENCE) (\w+\.\w+)")
FUNCTION = re.compile(r"\bCREATE (?:FUNCTION|PROCEDURE) (\w+\.\w+)")


class MadeNames(NamedTuple):
    """What migrations make, without what they only replace."""

    schemas: frozenset[str]
    relations: frozenset[str]
    functions: frozenset[str]


def names_made(texts: Iterable[str]) -> MadeNames:
    """Return the names of schemas, and of relations and functions with their schema."""
    text = COMMENT.sub("", "\n".join(texts))
    return MadeNames(*(frozenset(each.findall(text)) for each in (SCHEMA, RELATION, FUNCTION)))


def names_to_make(missing: Iterable[str], applied: Iterable[str]) -> MadeNames:
    """Return what the missing migrations make that those applied have not made before."""
    new, held = names_made(missing), names_made(applied)
    return MadeNames(*(new[index] - held[index] for index in range(len(new))))
