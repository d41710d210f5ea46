"""What several pages of the directory share: states, origins, and the names of people."""

from typing import Final

from projections.directory.queries.people import Person
from service.console.texts.texts import Texts

STATES: Final = ("active", "inactive")
ORIGINS: Final = ("scim", "manual", "linked")


def origin_word(texts: Texts, origin: str) -> str:
    """Return in words where somebody came from."""
    match origin:
        case "scim":
            return texts.t("origin.scim", "Provisioned")
        case "linked":
            return texts.t("origin.linked", "Made by hand, then linked")
        case _:
            return texts.t("origin.manual", "Made by hand")


def name_of(person: Person) -> str:
    """Return what a page calls a person."""
    document = person.document
    name = document.get("name") or {}
    parts = " ".join(filter(None, (name.get("givenName"), name.get("familyName"))))
    return str(
        document.get("displayName") or name.get("formatted") or parts or document["userName"]
    )
