"""The navigation: which pages there are, in which order, and who sees them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from service.console.framework.page import ADMINISTRATORS, OPERATORS, READERS


@dataclass(frozen=True, slots=True)
class Entry:
    """A link of the navigation. `count` names what is counted beside it, if anything."""

    key: str  # Of its text.
    english: str
    path: str
    icon: str
    roles: frozenset[str]
    count: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Entries below a heading; the first section has none."""

    key: str
    english: str
    entries: tuple[Entry, ...]


SECTIONS: Final = (
    Section(
        "",
        "",
        (
            Entry("nav.overview", "Overview", "/", "overview", READERS),
            Entry("nav.setup", "Set-up", "/setup", "setup", ADMINISTRATORS),
        ),
    ),
    Section(
        "nav.directory",
        "Directory",
        (
            Entry("nav.people", "People", "/people", "person", READERS),
            Entry("nav.groups", "Groups", "/groups", "group", READERS),
            Entry("nav.roles", "Roles", "/roles", "role", READERS),
        ),
    ),
    Section(
        "nav.provisioning",
        "Provisioning",
        (
            Entry("nav.cycles", "Cycles", "/cycles", "cycle", READERS),
            Entry("nav.live", "Live activity", "/activity", "activity", ADMINISTRATORS),
            Entry("nav.guard", "Guard", "/guard", "guard", READERS, "holds"),
        ),
    ),
    Section(
        "nav.control",
        "Control",
        (
            Entry("nav.tokens", "Token Management", "/tokens", "key", ADMINISTRATORS),
            Entry("nav.audit", "Audit", "/audit", "audit", READERS),
            Entry("nav.organization", "Organization", "/organization", "organization", READERS),
        ),
    ),
    Section(
        "nav.operations",
        "Operations",
        (
            Entry("nav.projections", "Projections", "/operations", "projections", OPERATORS),
            Entry("nav.health", "Health", "/operations/health", "activity", OPERATORS),
            Entry(
                "nav.parked", "Parked streams", "/operations/parked", "held", OPERATORS, "parked"
            ),
        ),
    ),
)


BELOW: Final = {"/clients": "/tokens", "/accounts": "/tokens", "/sessions": "/tokens"}


def sections_for(roles: Collection[str], served: Collection[str]) -> Iterator[Section]:
    """Yield the sections that somebody with some roles sees, of the paths that are served."""
    for section in SECTIONS:
        seen = tuple(
            each for each in section.entries if each.roles & set(roles) and each.path in served
        )
        if seen:
            yield Section(section.key, section.english, seen)


def home_of(roles: Collection[str]) -> str:
    """Return the path of the page that a role begins with."""
    if "administrator" in roles:
        return "/"
    return "/audit" if "auditor" in roles else "/operations"


def current(path: str) -> str:
    """Return the path of the entry that an address belongs to: the longest that it begins with."""
    for below, entry in BELOW.items():
        if path == below or path.startswith(f"{below}/"):
            return entry
    paths = [each.path for section in SECTIONS for each in section.entries]
    found = [
        each for each in paths if path == each or (each != "/" and path.startswith(f"{each}/"))
    ]
    return max(found, key=len, default="")
