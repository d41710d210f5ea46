"""The digest of a projection covers all that decides its rows, so that a change of it asks for a rebuild."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from projections.registry import DIRECTORY, HISTORY, Projection, digest

ROOT = Path(__file__).parents[2]
OURS = re.compile(r"(?:schema|eventstore|projections)\.")
STATEMENT = re.compile(r'statement\("(\w+)"\)')
BEGIN = {
    DIRECTORY: ("projections.fold_directory", "projections.save"),
    HISTORY: ("projections.fold_history", "projections.history_write"),
}
# What is imported, too, and decides no row: how the log is read, what is refused, how SQL is found.
NEUTRAL = {
    "projections.statements",
    "schema.scim.errors",
    "schema.scim.understood",  # It refuses what clients send, before it is an event.
    "schema.scim.value",  # It reads what clients send, before it is an event.
}
UNUSED_BY_HISTORY = re.compile(r"schema\.scim\.|projections\.(?:load|rows)$")  # But for types.


def path_of(module: str) -> Path:
    """Return the file of a module."""
    return ROOT / f"{module.replace('.', '/')}.py"


def imported(module: str) -> Iterator[str]:
    """Yield the modules of ours that a module imports."""
    for node in ast.walk(ast.parse(path_of(module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and OURS.match(f"{node.module}."):
            for each in node.names:
                inner = f"{node.module}.{each.name}"
                yield inner if path_of(inner).exists() else node.module


def reached(*modules: str) -> set[str]:
    """Return modules with all of ours that they import, and those in turn."""
    found: set[str] = set()
    waiting = [*modules]
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting.extend(imported(module))
    return found


def decides_rows(projection: Projection, module: str) -> bool:
    """Tell whether a module may decide what the rows of a projection are."""
    if module in NEUTRAL or module.startswith("eventstore."):
        return False
    return projection is DIRECTORY or not UNUSED_BY_HISTORY.match(module)


@pytest.mark.parametrize("projection", [DIRECTORY, HISTORY], ids=lambda each: each.name)
def test_the_digest_covers_every_module_that_decides_rows(projection: Projection) -> None:
    deciding = {each for each in reached(*BEGIN[projection]) if decides_rows(projection, each)}

    assert deciding - {*projection.modules} == set()


@pytest.mark.parametrize("projection", [DIRECTORY, HISTORY], ids=lambda each: each.name)
def test_the_digest_covers_every_statement_that_writes_rows(projection: Projection) -> None:
    writing = path_of(BEGIN[projection][1]).read_text(encoding="utf-8")

    assert {*STATEMENT.findall(writing)} - {*projection.statements} == set()


@pytest.mark.parametrize("part", ["modules", "statements", "definitions"])
def test_another_text_is_another_digest(part: str) -> None:
    fewer = replace(DIRECTORY, **{part: getattr(DIRECTORY, part)[1:]})

    assert digest(fewer) != digest(DIRECTORY)
