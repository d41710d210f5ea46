"""User documents, and a user type with an organization's own extension."""

from typing import Any

from hypothesis import settings

from schema.scim import urns
from schema.scim.attributes import Document, read_schema
from schema.scim.definitions import USER

# This suite runs all day, so each run tries a property on fewer examples, without a deadline.
FEW = settings(max_examples=50, deadline=None)

ENTERPRISE = urns.ENTERPRISE_USER
BOSS = "26118915-6090-4610-87e4-49d8ca9f808d"
BARE: Document = {"userName": "jo@example.com"}
WORK = {"type": "work", "value": "jo@work.example"}
HOME = {"type": "home", "value": "jo@home.example"}
CUSTOM = "urn:ietf:params:scim:schemas:extension:CustomExtensionName:2.0:User"
CUSTOM_USER = USER.with_extensions(
    (
        read_schema(
            {
                "id": CUSTOM,
                "attributes": [
                    {"name": "CustomAttribute"},
                    {"name": "Tags", "multiValued": True},
                    {"name": "Levels", "type": "integer", "multiValued": True},
                    {
                        "name": "Badges",
                        "type": "complex",
                        "multiValued": True,
                        "subAttributes": [{"name": "value"}, {"name": "type"}],
                    },
                ],
            }
        ),
    )
)


def document(**attributes: Any) -> Document:
    """Return the document of a user."""
    return {**BARE, **attributes}


def with_manager(manager: Any, department: str = "Sales") -> Document:
    """Return the document of a user who has a department and a manager."""
    return document(**{ENTERPRISE: {"department": department, "manager": manager}})


def tagged(*tags: str) -> Document:
    """Return the document of a user with tags of an organization's own extension."""
    return document(**{CUSTOM: {"Tags": list(tags)}})
