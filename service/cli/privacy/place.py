"""What erasures need of the settings."""

from service.config import Settings
from service.erasure.people import Place
from service.proof.copies import outside_copy


def place_of(settings: Settings) -> Place:
    """Return where erasures are recorded, and how long backups are kept."""
    return Place(outside_copy(settings), settings.backup_retention_days)
