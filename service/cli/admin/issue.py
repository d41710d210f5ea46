"""Makes a token and shows it. A token that could not be shown is revoked."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from schema.events.organization import Organization
from service.cli.process import output
from service.cli.process.output import OutputClosed, OutputFailed
from service.cli.process.run import unbroken
from service.cli.provenance import cli_provenance
from service.organizations.tokens import IssuedToken, revoke_token
from service.runtime import Runtime


async def issue_and_show(
    runtime: Runtime,
    organization: Organization,
    issue: Coroutine[Any, Any, IssuedToken],
    shown: Callable[[IssuedToken], str],
) -> None:
    """Make a token and show it. If it cannot be shown, revoke it. Errors: OutputFailed, those of `issue`."""
    issuing = asyncio.ensure_future(issue)
    try:
        await output.show(shown(await asyncio.shield(issuing)))
    except BaseException as error:
        await asyncio.wait([issuing])
        lost = issuing.result()  # If the token was never made, this raises the error that says why.
        await unbroken(
            revoke_token(runtime, organization, lost.token_id, provenance=cli_provenance())
        )
        if isinstance(error, OutputClosed | OutputFailed):
            raise OutputFailed(f"The token could not be shown and was revoked: {error}") from error
        raise
