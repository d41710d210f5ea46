"""The documentation is true: what it names exists, and what can be set or run is in it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer import Typer

from service.cli.commands import app
from service.config import Settings

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
SCIM, _, TIMINGS = (
    (ROOT / "docs" / "reference" / "scim.md")
    .read_text()
    .partition("\n## How fast, at which size\n")
)
TEST = re.compile(r"`([a-z]+/test_\w+\.py)::(test_\w+)`")


def rows(page: str) -> list[list[str]]:
    """Return the cells of the rows of a page's tables, without heads and rules."""
    lines = page.splitlines()
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line, next_ in zip(lines, [*lines[1:], ""], strict=True)
        if line.startswith("|") and not line.startswith("|-") and not next_.startswith("|-")
    ]


@pytest.mark.parametrize("cells", rows(SCIM), ids=lambda cells: cells[0])
def test_a_row_of_the_sections_names_tests_that_exist(cells: list[str]) -> None:
    named = TEST.findall(cells[-1])

    assert len(cells) == 3
    assert named
    missing = [name for name in named if not is_test(*name)]
    assert missing == []


def is_test(path: str, name: str) -> bool:
    """Tell whether a file has a test of this name."""
    file = ROOT / "tests" / path
    return file.exists() and f"def {name}(" in file.read_text()


def test_every_section_that_a_service_provider_has_to_know_has_a_row() -> None:
    named = {cells[0].split()[0] for cells in rows(SCIM)}

    expected = {
        "§2.3",
        "§2.4",
        "§2.5",
        "§3.1",
        "§3.3",
        "§4.1",
        "§4.2",
        "§4.3",
        "§5",
        "§6",
        "§7",
        "§8",
    }
    expected |= {"§3.4.2.1", "§3.4.2.2", "§3.4.2.3", "§3.4.2.4", "§3.4.2.5", "§3.4.3", "§3.5.1"}
    expected |= {"§3.5.2", "§3.6", "§3.7", "§3.9", "§3.11", "§3.12", "§3.14", "§4", "§2"}
    assert expected - named == set()


def variables() -> Iterator[str]:
    """Yield the environment variables that the service reads."""
    for name, setting in Settings.model_fields.items():
        yield str(setting.validation_alias or f"SCIM_LEDGER_{name.upper()}")


@pytest.mark.parametrize("variable", [*variables()])
def test_every_setting_is_in_the_readme(variable: str) -> None:
    assert [each for each in rows(README) if f"`{variable}`" in each[0]] != []


def commands() -> Iterator[tuple[str, ...]]:
    """Yield the commands of the command line, as (name,) or (group, name)."""
    yield from ((name,) for name in names(app))
    for group in app.registered_groups:
        assert group.typer_instance
        yield from ((str(group.name), name) for name in names(group.typer_instance))


def names(of: Typer) -> Iterator[str]:
    """Yield the commands of a group, which are named for their functions unless they say otherwise."""
    for command in of.registered_commands:
        assert command.callback
        yield command.name or command.callback.__name__


@pytest.mark.parametrize("command", [*commands()], ids=" ".join)
def test_every_command_is_in_the_readme(command: tuple[str, ...]) -> None:
    named = [each[0] for each in rows(README) if f"`scim-ledger {command[0]}" in each[0]]

    assert [each for each in named if re.search(rf"\b{command[-1]}\b", each)] != []
