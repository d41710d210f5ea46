"""Only one package reads and writes each table: `eventstore` those of the log, `projections` the read models."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("eventstore", "projections", "service")
MADE = re.compile(r"^CREATE (?:UNLOGGED )?TABLE (?:\w+\.)?(\w+)", re.MULTILINE)


def tables_of(pattern: str) -> list[str]:
    """Return the names of the tables that DDL files create."""
    files = sorted((ROOT / "schema").glob(pattern))
    return [name for file in files for name in MADE.findall(file.read_text())]


@cache
def sql_of(package: str) -> dict[str, str]:
    """Return a package's SQL by file: its .sql files without comments, and the strings in its Python code."""
    statements = {file: re.sub("--.*", "", file.read_text()) for file in files_of(package, "sql")}
    code = {
        file: ";\n".join(texts(ast.parse(file.read_text()))) for file in files_of(package, "py")
    }
    return {str(file.relative_to(ROOT)): sql for file, sql in {**statements, **code}.items()}


def files_of(package: str, suffix: str) -> list[Path]:
    """Return a package's files with this suffix."""
    return sorted((ROOT / package).rglob(f"*.{suffix}"))


def texts(tree: ast.AST) -> Iterator[str]:
    """Yield the strings in code, except docstrings."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
    for node in constants:
        if isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def naming(schemas: list[str], tables: list[str]) -> re.Pattern[str]:
    """Return a pattern that finds a table by its schema or, without one, where a statement names a table."""
    qualified = rf"\b(?:{'|'.join(schemas)})\"?\.\"?(?:{'|'.join(tables)})\b"
    taken = rf"\b(?:FROM|JOIN|INTO|UPDATE|TABLE|ONLY)\s+(?:{'|'.join(tables)})\b"
    return re.compile(f"{qualified}|{taken}")


NAMES_OF = {
    "eventstore": naming(
        ["eventstore", "proof"],
        [
            *tables_of("migrations/0001_*.sql"),
            # A table of the followers has this name too.
            *(set(tables_of("migrations/0017_*.sql")) - {"checkpoints"}),
            *tables_of("migrations/0034_*.sql"),
            "proof.checkpoints",
        ],
    ),
    "projections": naming(
        ["directory", "history", "versions", "projections", "followers"],
        [*tables_of("projections/*.sql"), *tables_of("migrations/000[34]_*.sql")],
    ),
}


def files_naming(owner: str, package: str) -> list[str]:
    """Return the files of a package that name an owner's tables."""
    return [file for file, sql in sql_of(package).items() if NAMES_OF[owner].search(sql)]


@pytest.mark.parametrize("owner", NAMES_OF)
def test_an_owner_names_its_tables(owner: str) -> None:
    assert len(files_naming(owner, owner)) > 10


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("owner", NAMES_OF)
def test_nobody_else_names_them(owner: str, package: str) -> None:
    assert package == owner or files_naming(owner, package) == []


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO eventstore.events (position) VALUES (1)",
        "SELECT\n  FROM events",
        'DELETE FROM "eventstore"."subject_keys"',
        "UPDATE subject_keys SET wrapped_key = ''",
    ],
)
def test_a_statement_on_the_log_is_found(sql: str) -> None:
    assert NAMES_OF["eventstore"].search(sql)


def test_the_log_is_written_by_one_text() -> None:
    # Migrations may replace the function. The last one counts, and nothing else inserts.
    # (COPY loads a whole log that comes from elsewhere: service/backup, eventstore/transfer.)
    writing = re.compile(r"INSERT\s+INTO\s+eventstore\.(?!held_logs)", re.IGNORECASE)
    found = [
        file for package in PACKAGES for file, sql in sql_of(package).items() if writing.search(sql)
    ]
    assert found == []
