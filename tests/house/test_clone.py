"""What a clone contains: no trace of the machine it was written on, and the same version everywhere."""

import importlib.metadata
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Folders of one machine. In a URL, a letter or a dot stands before the path.
MACHINE_PATH = re.compile(r"(?<![\w.:}/-])/(?:work|root|tmp)/")


def files() -> Iterator[Path]:
    """Yield the files of a clone, including changes that are not committed yet."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    yield from (path for name in listed.stdout.split("\0") if (path := ROOT / name).is_file())


def project() -> dict[str, object]:
    """Return the project table of pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    table: dict[str, object] = tomllib.loads(text)["project"]
    return table


def test_no_file_names_a_folder_of_one_machine() -> None:
    naming = [
        str(path.relative_to(ROOT))
        for path in files()
        if MACHINE_PATH.search(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert naming == []


def test_an_sql_file_opens_with_its_name_and_what_it_does() -> None:
    nameless = [
        str(path.relative_to(ROOT))
        for path in files()
        if path.parent.name == "sql"
        and not path.read_text(encoding="utf-8").startswith(f"-- {path.stem}: ")
    ]
    assert nameless == []


def test_the_top_level_holds_what_the_design_names_and_nothing_else() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in files()} <= {
        *(".ci", ".dockerignore", ".gitignore", "docs", "tests"),
        *("schema", "eventstore", "projections", "service"),
        *("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md"),
        *("Dockerfile", "Makefile", "compose.yaml", "pyproject.toml", "requirements.lock"),
    }


def test_the_installed_version_is_the_one_in_the_source() -> None:
    try:
        installed = importlib.metadata.version("scim-ledger")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("run from the source, not installed")
    assert installed == project()["version"]


def test_the_changelog_opens_with_what_is_unreleased_and_then_has_the_version() -> None:
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert headings[1:2] in ([], [project()["version"]])


def test_every_lint_rule_that_is_off_has_its_reason() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    silent = [line for line in lines if re.match(r'    "[A-Z]+\d+",', line) and "#" not in line]
    assert silent == []
