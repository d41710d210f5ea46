"""The settings of an organization: their names, their legal values, and what holds where none was chosen."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from schema.events.witness import LEGAL, is_witness

LIMIT_MAX, EVENTS_MAX = 1_000_000, 1_000_000_000
IDS_MAX = 100
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class IllegalSetting(ValueError):
    """A setting is unknown, or its value is not legal; the message says what is."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting. `legal` says in words what `is_legal` takes; `default` holds while nothing was chosen."""

    about: str
    default: Any
    legal: str
    is_legal: Callable[[Any], bool]
    is_operators: bool = False  # Only the operator of the service changes it, on the command line.


def flag(about: str, *, default: bool) -> Setting:
    """Return a setting that is on or off."""
    return Setting(about, default, "true or false", lambda value: isinstance(value, bool))


def whole_number(about: str, default: int | None, least: int, most: int) -> Setting:
    """Return a setting that is a whole number within limits. A default of None means: no limit."""

    def is_legal(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

    return Setting(about, default, f"a whole number from {least:,} to {most:,}", is_legal)


def limit(about: str, most: int) -> Setting:
    """Return a limit that the operator sets. None means that the service's own setting holds, and 0 that there is none."""
    return replace(whole_number(about, None, 0, most), is_operators=True)


def choice(about: str, default: str, *others: str) -> Setting:
    """Return a setting that is one of a few words."""
    words = (default, *others)
    return Setting(about, default, f"one of {', '.join(words)}", lambda value: value in words)


def is_list_of_ids(value: Any) -> bool:
    """Return whether a value is a list of ids, each once and as we write them."""
    if (
        not isinstance(value, list)
        or len(value) > IDS_MAX
        or len(set(map(str, value))) < len(value)
    ):
        return False
    return all(isinstance(each, str) and ID.fullmatch(each) for each in value)


def is_guard(value: Any) -> bool:
    """Return whether a value is a whole setting of the guard."""
    numbers = {"maxUsers": (0, 1_000_000), "maxPercent": (0, 100), "windowMinutes": (1, 10_080)}
    return (
        isinstance(value, dict)
        and value.keys() == {"enabled", *numbers}
        and isinstance(value["enabled"], bool)
        and all(
            isinstance(value[name], int)
            and not isinstance(value[name], bool)
            and least <= value[name] <= most
            for name, (least, most) in numbers.items()
        )
    )


# In the order in which they are listed. None is no legal value: it returns a setting to its default.
SETTINGS: Mapping[str, Setting] = {
    "strict": flag(
        "Refuse what the interoperability profiles do not allow: unknown attributes, a missing `schemas`, "
        "empty Operations, a PATCH without paths.",
        default=False,
    ),
    "passwordInSchema": flag(
        "List `password` at /Schemas. It is neither stored nor returned. Once it is listed, it stays.",
        default=True,
    ),
    "localChanges": choice(
        "What happens when a person changes by hand what the identity provider wrote last.",
        "warned",
        "refused",
    ),
    "requestsPerSecond": limit("Requests a second of all tokens together.", LIMIT_MAX),
    "burst": limit("Requests at once of all tokens together.", LIMIT_MAX),
    "tokenRequestsPerSecond": limit("Requests a second of each token.", LIMIT_MAX),
    "tokenBurst": limit("Requests at once of each token.", LIMIT_MAX),
    "eventsPerDay": limit("Events that the log may grow by in a day, counted in UTC.", EVENTS_MAX),
    "guard": Setting(
        "When changes that would take access from many people are held: more than maxUsers users and more than "
        "maxPercent % of the active users within windowMinutes. A new organization is guarded after 24 hours.",
        {"enabled": True, "maxUsers": 10, "maxPercent": 20, "windowMinutes": 60},
        "an object of enabled (true or false), maxUsers (0 to 1,000,000), maxPercent (0 to 100) and "
        "windowMinutes (1 to 10,080)",
        is_guard,
    ),
    "consoleAuditors": Setting(
        "Who may read and export in the console without being an Administrator: ids of users.",
        [],
        f"a list of at most {IDS_MAX} ids of users",
        is_list_of_ids,
    ),
    "witness": Setting(
        "Who else cosigns the checkpoints of the log, at most once a minute (C2SP tlog-witness).",
        None,
        LEGAL,
        is_witness,
        is_operators=True,
    ),
}


def check_settings(settings: Mapping[str, Any]) -> None:
    """Refuse an unknown setting or an illegal value. None returns a setting to its default. Errors: IllegalSetting."""
    for name, value in settings.items():
        setting = SETTINGS.get(name)
        if setting is None:
            known = ", ".join(SETTINGS)
            raise IllegalSetting(name, f"There is no setting {name!r}; there are {known}.")
        if value is not None and not setting.is_legal(value):
            raise IllegalSetting(
                name, f"The setting {name} is {setting.legal}, or null for its default."
            )
