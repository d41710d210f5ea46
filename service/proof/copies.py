"""Which copy outside the settings name."""

from typing import Final

from service.config import Settings
from service.proof.folder_copy import FolderCopy
from service.proof.outside import OutsideCopy, Webhook

MARK: Final = "checkpoints.made"  # A file beside the folder, which says that the folder was made.


def outside_copy(settings: Settings) -> OutsideCopy:
    """Return the copy outside that the settings name."""
    folder = settings.outside_folder
    if folder is not None:
        return FolderCopy(folder, settings.data_dir / MARK)
    # A client of HTTP takes commands half a second to import.
    from service.proof.web_copy import WebCopy  # noqa: PLC0415

    return WebCopy(settings.outside_copy or "")


def webhook_of(settings: Settings) -> Webhook | None:
    """Return what gets each kept checkpoint, if the settings name it."""
    if settings.outside_webhook is None:
        return None
    from service.proof.web_copy import WebWebhook  # noqa: PLC0415

    return WebWebhook(settings.outside_webhook)
