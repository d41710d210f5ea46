"""Load SQL statements. Each has its own file, beside the Python that runs it."""

from collections.abc import Callable
from functools import cache
from importlib.resources import files


def statements_in(package: str) -> Callable[[str], str]:
    """Return a function that loads the statements of a package: by name, the text of `sql/<name>.sql`."""

    @cache
    def statement(name: str) -> str:
        return (files(package) / "sql" / f"{name}.sql").read_text(encoding="utf-8")

    return statement
