"""Load SQL statements: each stands in a file of its own, beside the Python that runs it."""

from collections.abc import Callable
from functools import cache
from importlib.resources import files


def statements_in(package: str) -> Callable[[str], str]:
    """Return what loads the statements of a package: the text of its `sql/<name>.sql`, by name."""

    @cache
    def statement(name: str) -> str:
        return (files(package) / "sql" / f"{name}.sql").read_text(encoding="utf-8")

    return statement
