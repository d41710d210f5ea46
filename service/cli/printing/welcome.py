"""What `serve` prints when it is ready: at the first start, what to paste into Entra."""

import os
import sys

from schema.events.organization import Organization
from service.cli.printing.lists import load_organizations
from service.config import Settings, default_data_dir, file_variable_of, variable_of
from service.runtime import Runtime
from service.scim.base_path import BASE_PATH
from service.terminal import printable, shell_quoted

CLM_USER = "urn:ietf:params:scim:schemas:extension:clm:2.0:User"

MAPPINGS = (  # SCIM attribute ← its source in Entra's attribute mapping.
    ("userName", "mail", "matching precedence 2"),
    ("externalId", "objectId", "matching precedence 1"),
    ("active", 'Switch([IsSoftDeleted], , "False", "True", "True", "False")', ""),
    ("name.givenName", "givenName", ""),
    ("name.familyName", "surname", ""),
    (f"{CLM_USER}:roleId", "the UUID of a role below, from an expression or a constant", ""),
)


def welcome(
    settings: Settings, made: Organization, token: str | None, link: str | None = None
) -> str:
    """Return what `serve` prints at its first start: with the token, or with the command that makes one."""
    return "\n".join(
        [
            f"scim-ledger is ready. Organization: {printable(made.name)}",
            "",
            "Paste into Entra (Enterprise application, Provisioning, Admin credentials):",
            f"  Tenant URL    {settings.origin + BASE_PATH}",
            *_secret(settings, token),
            "",
            *_console(settings, link),
            "Attribute mapping (target ← source):",
            *(_mapping(*each) for each in MAPPINGS),
            "",
            "Roles (values of roleId; a user without one is a Reader):",
            *(f"  {name:<14} {role_id}" for name, role_id in made.roles.items()),
            "",
            _hint(settings),
        ]
    )


def _secret(settings: Settings, token: str | None) -> list[str]:
    issue = f"{command(settings)} token issue --label NAME"
    if token is None:
        return [f"  Secret token  not shown in a log. Make one in a terminal: {issue}"]
    return [
        f"  Secret token  {token}",
        "",
        f"The token is shown only once. To make another: {issue}",
    ]


def _mapping(target: str, source: str, note: str) -> str:
    shown = f"  {target}  ←  {source}"
    return f"{shown}  ({note})" if note else shown


def _console(settings: Settings, link: str | None) -> list[str]:
    """Return where the console is: on a terminal as a link that signs in, which nobody else may read in a log."""
    if not settings.console:
        return []
    if link is None:
        return [
            f"Console: {settings.origin}/console/  Sign in: {command(settings)} console link",
            "",
        ]
    return ["Console (this link signs in once, within 10 minutes):", f"  {link}", ""]


async def welcome_back(runtime: Runtime, settings: Settings, link: str | None = None) -> str:
    """Return what `serve` prints at every later start."""
    names = ", ".join(printable(each.name) for each in await load_organizations(runtime))
    called = command(settings)
    return "\n".join(
        [
            f"scim-ledger is ready. Organizations: {names}",
            f"  Tenant URL    {settings.origin + BASE_PATH}",
            *_console(settings, link)[:-1],
            f"  Tokens are not shown again. List them: {called} token list. Make one: {called} token issue --label NAME",
            _hint(settings),
        ]
    )


def _hint(settings: Settings) -> str:
    where = f"Data: {settings.data_dir}. " if settings.is_embedded else ""
    return f"{where}{_secrets(settings)}Watch: {command(settings)} events tail. Stop: Ctrl-C."


def command(settings: Settings) -> str:
    """Return how the reader calls the command line in another terminal, with the settings that it needs.

    `make serve` calls it by a relative path, which is kept.
    """
    called = sys.argv[0]
    path = called if called.startswith(".") and called.endswith("scim-ledger") else "scim-ledger"
    if settings.data_dir == default_data_dir():
        return path
    return (
        f"SCIM_LEDGER_DATA_DIR={shell_quoted(str(settings.data_dir.absolute()), sys.stdout)} {path}"
    )


def _secrets(settings: Settings) -> str:
    """Return which secret settings the reader must also set for commands. Their values must not be shown."""
    given = [
        file_variable_of(each) if file_variable_of(each) in os.environ else variable_of(each)
        for each in ("database_url", "master_key")
        if getattr(settings, each) is not None
    ]
    return f"Commands need the same {' and '.join(given)}. " if given else ""
