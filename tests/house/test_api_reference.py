"""The reference of the APIs has every scope, every problem, and every route with its scope, and nothing else."""

import re

from service.api.problem import KINDS
from service.app import APIS
from service.callers.scopes import MEANINGS
from service.scim.base_path import BASE_PATH
from service.scim.routes import ENDPOINTS
from tests.house.source import text

PAGE = "docs/reference/api.md"


def section(heading: str) -> list[str]:
    """Return the rows of the table below a heading."""
    below = text(PAGE).partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line for line in below.splitlines() if line.startswith("| `")]
    return [row for row in rows if not row.startswith("| `type`")]


def test_the_reference_has_every_route_with_its_scope() -> None:
    routes = [(each.method, BASE_PATH + each.path, each.scope) for each in ENDPOINTS] + [
        (route.method, api.prefix + route.path, route.scope) for api in APIS for route in api.routes
    ]
    assert section("Routes") == [
        f"| `{method}` | `{path}` | `{scope}` |" for method, path, scope in routes
    ]


def test_the_reference_has_every_scope() -> None:
    assert section("Scopes") == [f"| `{name}` | {meaning} |" for name, meaning in MEANINGS.items()]


def test_the_reference_has_every_problem() -> None:
    rows = section("What all routes have in common")
    named = {each for row in rows for each in re.findall(r"`([a-z-]+)`", row.split("|")[1])}
    # Handlers turn invalid-value into invalid-fields.
    assert named == {kind for kind, _ in KINDS.values()} - {"invalid-value", "precondition-failed"}
