"""The expression that gives each person a role by the job title, as the identity provider reads it. Pure."""

from collections.abc import Mapping, Sequence

from service.console.pages.setup.saved import OKTA

CASES_MAX = 50


def expression(
    provider: str, cases: Sequence[tuple[str, str]], default: str, roles: Mapping[str, str]
) -> str:
    """Return the expression. `cases` are job titles with the name of a role; `roles` has the UUID of each name."""
    if provider == OKTA:
        parts = [
            f"user.title == {_quoted(title)} ? {_quoted(roles[role])} : " for title, role in cases
        ]
        return "".join(parts) + _quoted(roles[default])
    parts = [f", {_quoted(title)}, {_quoted(roles[role])}" for title, role in cases]
    return f"Switch([jobTitle], {_quoted(roles[default])}{''.join(parts)})"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
