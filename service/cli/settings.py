"""`scim-ledger organization set`: the settings of an organization that the operator chooses."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from schema.events.organization import Organization
from schema.events.settings import SETTINGS
from service.cli.process import output
from service.cli.process.output import say
from service.cli.process.run import ActingAs, AsJson, run_with_runtime
from service.cli.provenance import cli_provenance
from service.config import Settings
from service.organizations.register import find_organization
from service.organizations.settings import change_settings
from service.runtime import Runtime

DEFAULT = "default"


def option(name: str) -> Any:
    """Return the option of a setting whose value is a limit."""
    return typer.Option(metavar="N", help=SETTINGS[name].about)


def organization_set(
    name: Annotated[str, typer.Argument(help="Name or id of the organization.")],
    requests_per_second: Annotated[str | None, option("requestsPerSecond")] = None,
    burst: Annotated[str | None, option("burst")] = None,
    token_requests_per_second: Annotated[str | None, option("tokenRequestsPerSecond")] = None,
    token_burst: Annotated[str | None, option("tokenBurst")] = None,
    events_per_day: Annotated[str | None, option("eventsPerDay")] = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Change settings of an organization, within a second. Without options, show what was chosen.

    N is a whole number. 0 means that there is no limit, and `default` that the service's own setting holds.
    """
    given = {
        "requestsPerSecond": requests_per_second,
        "burst": burst,
        "tokenRequestsPerSecond": token_requests_per_second,
        "tokenBurst": token_burst,
        "eventsPerDay": events_per_day,
    }
    chosen = dict(_values(given))

    async def change(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, name)
        if chosen:
            provenance = cli_provenance(acting_as)
            await change_settings(runtime, found, chosen, provenance=provenance)
            found = await find_organization(runtime, str(found.id))
        say(shown(found, as_json=as_json))

    run_with_runtime(change)


def _values(given: Mapping[str, str | None]) -> Iterator[tuple[str, int | str | None]]:
    """Yield the settings that were given. What is no number stays a text, which the decision refuses."""
    for name, text in given.items():
        if text == DEFAULT:
            yield name, None
        elif text is not None:
            yield name, int(text) if text.isascii() and text.isdecimal() else text


def shown(found: Organization, *, as_json: bool) -> str:
    """Return the limits that were chosen for an organization."""
    chosen = {name: each for name, each in found.settings.items() if SETTINGS[name].is_operators}
    if as_json:
        return output.as_json(chosen)
    lines = [
        f"{name:<22} {value['url'] if isinstance(value, dict) else value}"
        for name, value in chosen.items()
    ]
    return "\n".join(lines) or "No setting was chosen: those of the service hold."
