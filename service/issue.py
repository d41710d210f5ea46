"""Makes a token and shows it: one that nobody gets to see is revoked again."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from schema.events.organization import Organization
from service import output, setup
from service.output import OutputClosed, OutputFailed
from service.run import unbroken
from service.runtime import Runtime


async def issue_and_show(
    runtime: Runtime,
    organization: Organization,
    shown: Callable[[setup.IssuedToken], str],
    *,
    label: str,
    account: str | None = None,
    lifetime: timedelta | None = None,
    acting_as: str | None = None,
) -> None:
    """Make a token and show it. One that could not be shown is revoked. Errors: OutputFailed."""
    issuing = asyncio.ensure_future(
        setup.issue_token(
            runtime, organization, label, account=account, lifetime=lifetime, acting_as=acting_as
        )
    )
    try:
        await output.show(shown(await asyncio.shield(issuing)))
    except BaseException as error:
        await asyncio.wait([issuing])
        lost = issuing.result()  # Where it was not even made, that error counts.
        await unbroken(setup.revoke_token(runtime, organization, lost.token_id))
        if isinstance(error, OutputClosed | OutputFailed):
            raise OutputFailed(f"The token could not be shown and was revoked: {error}") from error
        raise
