"""`feed nats`: publish all logs to NATS JetStream, until Ctrl-C."""

from typing import Annotated

import typer

from service.cli.groups import group
from service.cli.process.problems import Refused
from service.cli.process.run import run_with_runtime
from service.config import Settings
from service.feed.parts import make_feed
from service.runtime import Runtime, revealed

feed = group("Publish the logs of all organizations to other systems.")


@feed.command("nats")
def feed_nats(
    url: Annotated[
        str | None,
        typer.Argument(help="Such as nats://127.0.0.1:4222; by default SCIM_LEDGER_NATS_URL."),
    ] = None,
    stream: Annotated[str, typer.Option(help="The stream; it is made if there is none.")] = (
        "scim-ledger"
    ),
    subject: Annotated[
        str, typer.Option(help="What the subject of an organization begins with; its id follows.")
    ] = "scim-ledger",
    credentials: Annotated[str | None, typer.Option(help="A file of NATS credentials.")] = None,
    replicas: Annotated[int, typer.Option(min=1, max=5, help="Of a stream that is made.")] = 1,
    personal: Annotated[
        bool,
        typer.Option("--personal", help="Publish personal values, too. NATS keeps them for good."),
    ] = False,
) -> None:
    """Publish every event to NATS JetStream, once and in order, until Ctrl-C.

    It needs the extra `nats`: pip install 'scim-ledger[nats]'.
    """

    async def publish_all(runtime: Runtime, settings: Settings) -> None:
        try:
            # The extra is imported late: it is not there in most installations.
            from service.feed import jetstream  # noqa: PLC0415
        except ModuleNotFoundError as error:
            if error.name != "nats":
                raise
            raise Refused(
                "The client of NATS is not installed: pip install 'scim-ledger[nats]'."
            ) from None
        place = url or revealed(settings.nats_url)
        if place is None:
            raise Refused("Give the URL of NATS, or set SCIM_LEDGER_NATS_URL.")
        target = jetstream.Target(place, stream, subject, credentials, replicas, personal)
        made = make_feed(runtime, settings.pool_size_max)
        try:
            await jetstream.publish(runtime, made, target)
        except jetstream.Refusal as error:
            raise Refused(f"NATS refuses: {type(error).__name__}: {error}") from error

    run_with_runtime(publish_all, is_endless=True)
