"""Which texts the console uses: those of its templates and of its code."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from jinja2 import nodes

from service.console.framework.navigation import SECTIONS
from service.console.framework.templates import FOLDER, environment

CONSOLE: Final = FOLDER.parent
CALLS: Final = {"t": 1, "tn": 2, "Phrase": 1}  # Function → how many English texts it takes.


class Used(NamedTuple):
    """A text that is used: its key, its English, the English plural or "", and where."""

    key: str
    english: str
    plural: str
    where: str


@cache
def used_texts() -> list[Used]:
    """Return every text that the console uses."""
    found = [*_in_navigation()]
    for file in sorted(FOLDER.rglob("*.html")):
        found += _in_template(file)
    for file in sorted(CONSOLE.rglob("*.py")):
        found += _in_code(file)
    return found


def _in_navigation() -> Iterator[Used]:
    for section in SECTIONS:
        if section.key:
            yield Used(section.key, section.english, "", "navigation.py")
        for each in section.entries:
            yield Used(each.key, each.english, "", "navigation.py")


def _in_template(file: Path) -> Iterator[Used]:
    tree = environment().parse(file.read_text("utf-8"))
    for call in tree.find_all(nodes.Call):
        name = call.node.name if isinstance(call.node, nodes.Name) else ""
        if name not in CALLS:
            continue
        given = [each.value for each in call.args if isinstance(each, nodes.Const)]
        if len(given) > CALLS[name]:
            yield _used(given, f"{file.name}:{call.lineno}")
        else:
            assert all(isinstance(each, nodes.Getattr) for each in call.args), (file, call.lineno)


def _in_code(file: Path) -> Iterator[Used]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = called(node)
        if name not in CALLS:
            continue
        given = [each.value for each in node.args if isinstance(each, ast.Constant)]
        if len(given) > CALLS[name]:
            yield _used([str(each) for each in given], f"{file.name}:{node.lineno}")


def called(node: ast.Call) -> str:
    """Return the name of the function, method or class that is called; empty for an expression."""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _used(given: list[str], where: str) -> Used:
    return Used(given[0], given[1], given[2] if len(given) > 2 else "", where)
