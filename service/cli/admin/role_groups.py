"""The commands `role-group`: which group of the identity provider gives which role."""

from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import orjson
import typer

from schema.scim.errors import InvalidValue
from service.cli.groups import group
from service.cli.printing import guard as show
from service.cli.process.output import say
from service.cli.process.run import ActingAs, AsJson, Organization, run_with_runtime
from service.cli.provenance import cli_provenance
from service.config import Settings
from service.ids import as_id
from service.organizations.access.role_groups import (
    WantedGroup,
    preview_role_groups,
    read_role_groups,
    save_role_groups,
)
from service.organizations.register import find_organization
from service.runtime import Runtime

role_groups = group("Role groups: members of a group have a role.")

Entries = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="GROUP=ROLE...",
        help="In the order in which they count. GROUP is a displayName, or the id of a group.",
    ),
]


@role_groups.command("list")
def role_group_list(organization: Organization = None, as_json: AsJson = False) -> None:
    """List the role groups in their order: of several groups that a user is in, the first counts."""

    async def list_them(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        say(show.role_groups(await read_role_groups(runtime, found), as_json=as_json))

    run_with_runtime(list_them)


@role_groups.command("set")
def role_group_set(
    entries: Entries = None,
    file: Annotated[
        Path | None,
        typer.Option(help="A JSON file like the body of PUT /role-groups.", dir_okay=False),
    ] = None,
    explicit_wins: Annotated[
        bool,
        typer.Option(help="A role that a request names counts more than one that a group gives."),
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show who would change; save nothing.")
    ] = False,
    digest: Annotated[
        str | None,
        typer.Option(help="The digest of a dry run: save only if nothing has changed since."),
    ] = None,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Save the list of role groups as a whole. Without entries the list is emptied."""

    async def save(runtime: Runtime, _settings: Settings) -> None:
        items, wins = _read(entries or [], file, explicit_wins=explicit_wins)
        found = await find_organization(runtime, organization)
        if dry_run:
            preview = await preview_role_groups(runtime, found, items, explicit_wins=wins)
            say(show.preview(preview, as_json=as_json))
            return
        await save_role_groups(
            runtime,
            found,
            items,
            explicit_wins=wins,
            digest=digest,
            provenance=cli_provenance(acting_as),
        )
        say(show.role_groups(await read_role_groups(runtime, found), as_json=as_json))

    run_with_runtime(save)


def _read(
    entries: list[str], file: Path | None, *, explicit_wins: bool
) -> tuple[list[WantedGroup], bool]:
    """Return the entries of a command line or of a file. Errors: InvalidValue."""
    if file is None:
        return [_entry(each) for each in entries], explicit_wins
    if entries:
        raise InvalidValue("Name the role groups on the command line or in a file, not in both.")
    try:
        document: Any = orjson.loads(file.read_bytes())
        items = [
            WantedGroup(
                role=each["role"],
                group_id=UUID(each["groupId"]) if each.get("groupId") else None,
                display_name=each.get("displayName"),
            )
            for each in document["items"]
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidValue(
            f"The file is not like the body of PUT /role-groups ({type(error).__name__}): "
            '{"items": [{"displayName": "CLM Editors", "role": "Editor"}]}'
        ) from None
    return items, bool(document.get("explicitWins", explicit_wins))


def _entry(text: str) -> WantedGroup:
    name, equals, role = text.rpartition("=")
    if not equals or not name or not role:
        raise InvalidValue(
            f"Write a role group as GROUP=ROLE, such as 'CLM Editors=Editor': {text!r}."
        )
    group_id = as_id(name)
    return WantedGroup(role, group_id, None if group_id else name)
