"""roleId under both its names: GET answers with both, and a client may send both back in a PUT."""

from typing import Any
from uuid import UUID

import pytest

from schema.events.user import RoleAssigned
from schema.scim import urns
from schema.scim.definitions import USER
from schema.scim.errors import InvalidValue
from schema.scim.resource import read_document
from service.write.commands import ReplaceUser
from tests.builders import ADMINISTRATOR, EDITOR, READER, given, jo, provisioned, put_user


def put_both(core: UUID, alias: UUID) -> ReplaceUser:
    """Return a PUT that has roleId under both names."""
    body: dict[str, Any] = {"roleId": str(core), urns.CLM_USER: {"roleId": str(alias)}}
    return put_user(**body)


BECAME_EDITOR = jo(RoleAssigned(role_id=EDITOR, previous_role_id=READER))


def test_a_put_that_changed_the_core_name_changes_the_role() -> None:
    given(jo(provisioned())).when(put_both(EDITOR, READER)).then(BECAME_EDITOR)


def test_a_put_that_changed_the_alias_changes_the_role() -> None:
    given(jo(provisioned())).when(put_both(READER, EDITOR)).then(BECAME_EDITOR)


def test_a_put_that_changed_both_names_differently_is_refused() -> None:
    with pytest.raises(InvalidValue, match="under two names"):
        given(jo(provisioned())).when(put_both(ADMINISTRATOR, EDITOR))


def test_two_names_with_different_values_are_refused_at_creation() -> None:
    body = {"userName": "jo", "roleId": "1", urns.CLM_USER: {"roleId": "2"}}
    with pytest.raises(InvalidValue, match="given twice"):
        read_document(body, USER)
