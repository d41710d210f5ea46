"""`scim-ledger organization set`: the settings of an organization."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from schema.events.organization import Organization
from schema.events.settings import SETTINGS
from service.cli.process import output
from service.cli.process.output import say
from service.cli.process.run import ActingAs, AsJson, run_with_runtime
from service.cli.provenance import cli_provenance
from service.config import Settings
from service.organizations.manage import reload_organization
from service.organizations.people import find_person_id
from service.organizations.register import find_organization
from service.organizations.settings import change_settings
from service.runtime import Runtime
from service.terminal import printable

DEFAULT = "default"
FLAGS = {"true": True, "false": False}


def option(name: str, legal: str = "N") -> Any:
    """Return the option of a setting; `legal` says in a word what it takes."""
    return typer.Option(metavar=legal, help=SETTINGS[name].about)


def organization_set(
    name: Annotated[str, typer.Argument(help="Name or id of the organization.")],
    strict: Annotated[str | None, option("strict", "FLAG")] = None,
    password_in_schema: Annotated[str | None, option("passwordInSchema", "FLAG")] = None,
    local_changes: Annotated[str | None, option("localChanges", "WORD")] = None,
    console_auditor: Annotated[list[str] | None, option("consoleAuditors", "USER")] = None,
    requests_per_second: Annotated[str | None, option("requestsPerSecond")] = None,
    burst: Annotated[str | None, option("burst")] = None,
    token_requests_per_second: Annotated[str | None, option("tokenRequestsPerSecond")] = None,
    token_burst: Annotated[str | None, option("tokenBurst")] = None,
    events_per_day: Annotated[str | None, option("eventsPerDay")] = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Change settings of an organization, within a second. Without options, show what was chosen.

    FLAG is true or false. N is a whole number, and 0 means that there is no limit. `default` returns a setting to
    its default, or to the service's own setting. --console-auditor may be given several times; guard set has the guard.
    """
    given = {
        "strict": strict,
        "passwordInSchema": password_in_schema,
        "localChanges": local_changes,
        "requestsPerSecond": requests_per_second,
        "burst": burst,
        "tokenRequestsPerSecond": token_requests_per_second,
        "tokenBurst": token_burst,
        "eventsPerDay": events_per_day,
    }
    chosen: dict[str, Any] = dict(_values(given))

    async def change(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, name)
        if console_auditor:
            chosen["consoleAuditors"] = await _auditors(runtime, found, console_auditor)
        if chosen:
            provenance = cli_provenance(acting_as)
            await change_settings(runtime, found, chosen, provenance=provenance)
            found = await reload_organization(runtime, found)
        say(shown(found, as_json=as_json))

    run_with_runtime(change)


async def _auditors(
    runtime: Runtime, found: Organization, named: Sequence[str]
) -> list[str] | None:
    """Return the ids of users who are named; None for the default."""
    if list(named) == [DEFAULT]:
        return None
    return [str(await find_person_id(runtime, found, each)) for each in named]


def _values(given: Mapping[str, str | None]) -> Iterator[tuple[str, bool | int | str | None]]:
    """Yield the settings that were given. What is neither a flag nor a number stays a text, as it was given."""
    for name, text in given.items():
        if text == DEFAULT:
            yield name, None
        elif text in FLAGS:
            yield name, FLAGS[text]
        elif text is not None:
            yield name, int(text) if text.isascii() and text.isdecimal() else text


def shown(found: Organization, *, as_json: bool) -> str:
    """Return the settings that were chosen for an organization."""
    if as_json:
        return output.as_json(dict(found.settings))
    lines = [f"{name:<22} {printable(_as_text(value))}" for name, value in found.settings.items()]
    return "\n".join(lines) or "No setting was chosen: those of the service hold."


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else output.as_json(value)
