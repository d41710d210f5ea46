"""The project's own source files, and which module imports which."""

import ast
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("schema", "eventstore", "projections", "service")


@cache
def listed(*patterns: str) -> tuple[str, ...]:
    """Return the paths, below the root, of files that git tracks or would add."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns]
    found = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True)
    if found.returncode != 0:
        pytest.skip("not a git checkout")
    return tuple(name for name in found.stdout.split("\0") if name and (ROOT / name).is_file())


def text(name: str) -> str:
    """Return the text of a file."""
    return (ROOT / name).read_text(encoding="utf-8")


def source_files() -> Iterator[str]:
    """Yield the Python files of the four packages."""
    yield from (name for name in listed("*.py") if name.split("/")[0] in PACKAGES)


def module_of(name: str) -> str:
    """Return the module name of a file."""
    return name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


@cache
def imports() -> Mapping[str, frozenset[str]]:
    """Return which of our files each of them imports."""
    files = {module_of(name): name for name in source_files()}
    found: dict[str, set[str]] = defaultdict(set)
    for name in files.values():
        for node in ast.walk(ast.parse(text(name))):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    imported = files.get(f"{node.module}.{alias.name}") or files.get(node.module)
                    if imported:
                        found[name].add(imported)
    return {name: frozenset(found[name]) for name in files.values()}


def circle(arrows: Mapping[str, frozenset[str]]) -> list[str]:
    """Return the names along one circle of imports; empty if there is none."""
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done:
            return []
        for following in sorted(arrows.get(name, ())):
            if found := walk(following, [*way, name]):
                return found
        done.add(name)
        return []

    for name in sorted(arrows):
        if found := walk(name, []):
            return found
    return []
