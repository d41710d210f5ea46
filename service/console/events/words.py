"""The words for roles, attributes and values that events and people have."""

from collections.abc import Mapping
from typing import Any, Final

from markupsafe import Markup, escape

from service.console.texts.texts import Phrase, Texts

ROLES: Final[Mapping[str, Phrase]] = {
    "Administrator": Phrase("role.administrator", "Administrator"),
    "Editor": Phrase("role.editor", "Editor"),
    "Contributor": Phrase("role.contributor", "Contributor"),
    "Validator": Phrase("role.validator", "Validator"),
    "Reader": Phrase("role.reader", "Reader"),
}
# By the path of an attribute in lower case. A SCIM name that is also what the reader copies is left as it is.
ATTRIBUTES: Final[Mapping[str, Phrase]] = {
    "active": Phrase("attribute.active", "Active"),
    "addresses": Phrase("attribute.addresses", "Addresses"),
    "department": Phrase("attribute.department", "Department"),
    "displayname": Phrase("attribute.display_name", "Display name"),
    "division": Phrase("attribute.division", "Division"),
    "emails": Phrase("attribute.emails", "Mail addresses"),
    "employeenumber": Phrase("attribute.employee_number", "Employee number"),
    "manager": Phrase("attribute.manager", "Manager"),
    "name": Phrase("attribute.name", "Name"),
    "name.familyname": Phrase("attribute.family_name", "Family name"),
    "name.formatted": Phrase("attribute.formatted_name", "Full name"),
    "name.givenname": Phrase("attribute.given_name", "Given name"),
    "organization": Phrase("attribute.organization", "Company"),
    "phonenumbers": Phrase("attribute.phone_numbers", "Phone numbers"),
    "preferredlanguage": Phrase("attribute.language", "Language"),
    "role": Phrase("attribute.role", "Role"),
    "roleid": Phrase("attribute.role", "Role"),
    "title": Phrase("attribute.title", "Job title"),
}
PARTS: Final = (
    "value",
    "formatted",
    "displayName",
    "display",
)  # What says most of a complex value.

NAME_PARTS: Final = ("givenName", "middleName", "familyName")


def role_word(texts: Texts, name: str | None) -> str:
    """Return the word for a role by its name; the name itself if it is none of the five."""
    if not name:
        return texts.t("role.none", "No role")
    found = ROLES.get(name)
    return texts.t(*found) if found else name


def attribute_word(texts: Texts, path: str) -> str:
    """Return the word for an attribute by its path, with or without the URN of its schema."""
    name = path.rpartition(":")[2]
    found = ATTRIBUTES.get(name.lower())
    return texts.t(*found) if found else name


def value_word(texts: Texts, value: Any, path: str = "") -> str:
    """Return a value as a page shows it: yes and no, several values in one line. None stays an empty text."""
    match value:
        case None:
            return ""
        case bool():
            return texts.t("value.yes", "Yes") if value else texts.t("value.no", "No")
        case list() | tuple():
            return ", ".join(filter(None, (value_word(texts, each) for each in value)))
        case dict():
            return _complex(texts, value, path)
        case _ if path.lower() in {"role", "roleid"}:
            return role_word(texts, str(value))
        case _:
            return str(value)


def _complex(texts: Texts, value: Mapping[str, Any], path: str) -> str:
    if said := next((value[part] for part in PARTS if value.get(part)), None):
        return str(said)
    if path == "name":
        return " ".join(str(value[each]) for each in NAME_PARTS if value.get(each))
    return value_word(texts, list(value.values()))


def listed(parts: list[Markup | str]) -> Markup:
    """Return texts and markup in one line, with commas."""
    return Markup(", ").join(map(escape, parts))
