"""The documentation is true: each test, link and file that it names exists."""

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from schema.events.organization import ROLE_NAMES, Organization
from service.cli.printing import welcome as printing
from service.config import Settings
from tests.house.source import ROOT, listed, text

OURS = ("docs", "eventstore", "projections", "schema", "service", "tests")
QUIRKS = text("docs/reference/client-quirks.md")
ATTACKS = text("docs/how-to/oauth.md").partition("\n## What is refused, and how\n")[2]
SCIM = text("docs/reference/scim.md").partition("\n## How fast, at which size\n")[0]
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
    """Return whether a file has a test of this name."""
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


@pytest.mark.parametrize("cells", rows(QUIRKS), ids=lambda cells: f"{cells[0]}: {cells[2]}")
def test_a_quirk_of_a_client_names_tests_that_exist(cells: list[str]) -> None:
    named = TEST.findall(cells[-1])

    assert len(cells) == 5
    assert "" not in cells
    assert named
    assert [name for name in named if not is_test(*name)] == []


def test_an_attack_on_the_token_endpoint_names_tests_that_exist() -> None:
    cells = rows(ATTACKS)

    assert {len(each) for each in cells} == {4}
    assert all(TEST.findall(each[-1]) or each[-1] == "the same" for each in cells)
    assert [name for name in TEST.findall(ATTACKS) if not is_test(*name)] == []


def test_a_client_is_named_where_its_requests_are_replayed() -> None:
    clients = {each.strip() for cells in rows(QUIRKS) for each in cells[0].split(",")}

    assert clients >= {"Entra", "Okta", "OneLogin", "gallery", "validator"}


UUIDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TOKEN = re.compile(r"eyJ\S*")


SHOWN_LINK = "http://127.0.0.1:8080/console/signin/link/q3Zk…x0"


def test_the_readme_shows_what_serve_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    data_dir = Path("/home/you/scim-ledger/.data")
    monkeypatch.setattr(printing, "default_data_dir", lambda: data_dir)
    monkeypatch.setattr(sys, "argv", [".venv/bin/scim-ledger", "serve"])
    roles = {name: uuid4() for name in ROLE_NAMES}
    made = Organization(uuid4(), 1, datetime.now(UTC), "Default organization", roles)

    shown = printing.welcome(Settings(data_dir=data_dir), made, "eyJ", SHOWN_LINK)

    block = text("README.md").partition("```text\n")[2].partition("\n```")[0]
    assert masked(shown) == masked(block)


def masked(printed: str) -> list[str]:
    """Return lines without what differs from start to start: ids and a token."""
    return TOKEN.sub("TOKEN", UUIDS.sub("ID", printed)).splitlines()


PAGES = [*listed("*.md")]
LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_every_link_within_the_repository_leads_somewhere(page: str) -> None:
    links = [each for each in LINK.findall(FENCED.sub("", text(page))) if ":" not in each]

    assert [each for each in links if not leads_somewhere(page, each)] == []


def leads_somewhere(page: str, link: str) -> bool:
    """Return whether a link leads to a file and, where it names one, to a heading of it."""
    path, _, anchor = link.partition("#")
    target = (ROOT / page).parent / path if path else ROOT / page
    if not anchor:
        return target.exists()
    return target.is_file() and anchor in {
        slug(each) for each in HEADING.findall(target.read_text())
    }


def slug(heading: str) -> str:
    """Return the anchor that a heading has."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)+)`")
PLACES = ("", "docs", "tests")  # A page names files from one of these.
WRITTEN_FOR_LATER = frozenset({"schema/projections/NAME.sql", "service/admin"})


@pytest.mark.parametrize("page", [each for each in PAGES if each != "CHANGELOG.md"])
def test_every_file_of_ours_that_a_page_names_exists(page: str) -> None:
    named = {
        each.removesuffix("/") for each in PATH.findall(text(page)) if each.split("/")[0] in OURS
    }

    missing = {each for each in named if not any((ROOT / at / each).exists() for at in PLACES)}
    assert missing <= WRITTEN_FOR_LATER


def test_nothing_refers_to_a_reference_that_readers_do_not_have() -> None:
    names = [*listed("*.py", "*.md", "*.sql", "*.toml")]

    assert [name for name in names if re.search(r"\breference §", text(name))] == []


@pytest.mark.parametrize("page", [each for each in PAGES if each.startswith("docs/")])
def test_every_page_is_reached_from_the_index(page: str) -> None:
    assert page in reached("docs/README.md", frozenset())


def reached(page: str, seen: frozenset[str]) -> frozenset[str]:
    """Return the pages that links lead to from a page, itself included."""
    seen |= {page}
    for link in LINK.findall(text(page)):
        target = ((ROOT / page).parent / link.partition("#")[0]).resolve()
        if target.suffix == ".md" and target.is_relative_to(ROOT / "docs"):
            name = str(target.relative_to(ROOT))
            seen = seen if name in seen else reached(name, seen)
    return seen
