"""Which event last wrote each attribute."""

from typing import Any

from schema.events.codec import TYPES
from schema.events.group import GroupChanged, GroupCreated
from schema.events.origins import attribute_origins, written_attributes
from schema.events.user import (
    RoleAssigned,
    UserChanged,
    UserDeactivated,
    UserDeleted,
    UserLinked,
    UserProvisioned,
    UserReactivated,
)
from tests.builders import EDITOR, READER

DEPARTMENT = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"


def test_each_attribute_has_the_event_that_wrote_it_last() -> None:
    events = [
        UserProvisioned(role_id=READER, active=True, attributes=("userName", "title", DEPARTMENT)),
        UserLinked(),
        UserChanged(attributes=("title",)),
        UserDeactivated(),
        UserReactivated(),
        RoleAssigned(role_id=EDITOR, previous_role_id=READER),
        UserDeleted(),
    ]

    assert attribute_origins(zip(events, range(7), strict=True)) == {
        "userName": 0,
        "title": 2,
        DEPARTMENT: 0,
        "externalId": 1,
        "active": 4,
        "roleId": 5,
    }


def test_an_attribute_of_a_group_has_its_event_also_where_it_was_removed() -> None:
    events = [
        GroupCreated(values={"displayName": "Sales", "externalId": "7"}),
        GroupChanged(values={"externalId": None}),
    ]

    assert attribute_origins(zip(events, range(2), strict=True)) == {
        "displayName": 0,
        "externalId": 1,
    }


def test_every_event_that_names_attributes_is_understood() -> None:
    for kind in TYPES.values():
        if "attributes" in kind.model_fields:
            facts: dict[str, Any] = {"attributes": ("title",), "values": None}
            event = kind.model_construct(**facts)
            assert "title" in written_attributes(event), kind
