"""Folders are rooms: small enough to look through, without circles, each with a story that is true."""

import re
from collections import Counter, defaultdict
from pathlib import PurePosixPath

import pytest

from tests.house.source import ROOT, circle, imports, source_files, text

MODULES_MAX = 15
STORY_LINES_MAX = 14
NAMED = re.compile(r"`([\w/]+\.(?:py|sql|json)|\w+(?:/\w+)+)`")  # A file, or a path of folders.
FOLDERS = sorted({str(PurePosixPath(name).parent) for name in source_files()})


def test_no_folder_holds_more_than_fifteen_modules() -> None:
    counts = Counter(
        str(PurePosixPath(name).parent)
        for name in source_files()
        if not name.endswith("__init__.py")
    )
    assert {name: count for name, count in counts.items() if count > MODULES_MAX} == {}


def test_no_files_import_each_other_in_a_circle() -> None:
    assert circle(imports()) == []


@pytest.mark.parametrize("folder", ["", *FOLDERS])
def test_what_a_folder_holds_imports_in_no_circle(folder: str) -> None:
    depth = len(PurePosixPath(folder).parts)
    arrows: dict[str, set[str]] = defaultdict(set)
    for name, imported in imports().items():
        if is_in(name, folder):
            own = PurePosixPath(name).parts[depth]
            arrows[own] |= {
                PurePosixPath(each).parts[depth] for each in imported if is_in(each, folder)
            } - {own}
    assert circle({name: frozenset(each) for name, each in arrows.items()}) == []


def is_in(name: str, folder: str) -> bool:
    """Tell whether a file is in a folder or below it."""
    return not folder or name.startswith(f"{folder}/")


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_tells_its_story(folder: str) -> None:
    story = text(f"{folder}/__init__.py").strip()
    assert story.startswith('"""')
    assert 4 <= len(story.splitlines()) <= STORY_LINES_MAX
    assert "Begin with `" in story


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_a_story_names_exists(folder: str) -> None:
    named = NAMED.findall(text(f"{folder}/__init__.py"))
    missing = [
        name
        for name in named
        if not any((place / name).exists() for place in (ROOT / folder, ROOT))
        and not (ROOT / folder / f"{name}.py").exists()
    ]
    assert missing == []
