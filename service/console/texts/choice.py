"""Which language and which time zone a request gets."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from service.console.texts.texts import LANGUAGES

LANGUAGE_COOKIE, ZONE_COOKIE = "scim_ledger_language", "scim_ledger_zone"
UTC_ZONE: Final = "UTC"
HEADER_LENGTH_MAX = 200


def choose_language(cookies: Mapping[str, str], header: str) -> str:
    """Return the language of a request: that of the cookie, else the first of Accept-Language that there is."""
    if (chosen := cookies.get(LANGUAGE_COOKIE)) in LANGUAGES:
        return str(chosen)
    ranked = sorted((_ranked(each) for each in header[:HEADER_LENGTH_MAX].split(",")), reverse=True)
    wanted = (name for quality, name in ranked if quality > 0)
    return next((name for name in wanted if name in LANGUAGES), "en")


def _ranked(part: str) -> tuple[float, str]:
    name, _, parameter = part.strip().partition(";")
    try:
        quality = float(parameter.strip().removeprefix("q=") or 1)
    except ValueError:
        quality = 0.0
    return quality, name.strip().lower()[:2]


@lru_cache(maxsize=1)
def zones() -> tuple[str, ...]:
    """Return the names of all time zones that a reader may choose, in alphabetical order."""
    return tuple(sorted(each for each in available_timezones() if "/" in each or each == UTC_ZONE))


def choose_zone(cookies: Mapping[str, str]) -> ZoneInfo:
    """Return the time zone of a request: that of the cookie, else UTC."""
    chosen = cookies.get(ZONE_COOKIE, "").replace("%2F", "/")
    return ZoneInfo(chosen if chosen in _known() else UTC_ZONE)


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(available_timezones())
