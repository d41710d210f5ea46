"""The row of a user: the texts that are put together are those that the whole document leads to."""

from typing import Any
from uuid import UUID

import orjson
from hypothesis import given
from hypothesis import strategies as st

from projections.directory.rows import user_document, user_texts
from schema.events.user import User
from schema.scim import urns
from schema.scim.definitions import USER
from schema.scim.filter.search_document import search_document
from schema.scim.resource_type import ResourceType
from tests.builders import EDITOR, JO, READER, place
from tests.rules.documents import CUSTOM, CUSTOM_USER
from tests.rules.test_codec import DOCUMENTS

AT = place().recorded_at
ODD = st.fixed_dictionaries(
    {},
    optional={
        urns.CLM_USER: st.just({"roleId": "x"}),
        "active": st.booleans(),
        "roleId": st.just("x"),
        "schemas": st.just([CUSTOM]),
    },
)
TYPES = st.sampled_from([USER, CUSTOM_USER])


@given(
    attributes=DOCUMENTS,
    odd=ODD,
    kind=TYPES,
    active=st.booleans(),
    role=st.sampled_from([EDITOR, READER]),
)
def test_the_texts_of_a_user_are_those_of_the_whole_document(
    *,
    attributes: dict[str, Any],
    odd: dict[str, Any],
    kind: ResourceType,
    active: bool,
    role: UUID,
) -> None:
    for each in (attributes, {**odd, **attributes}, {**attributes, **odd}):
        user = User(JO, 1, AT, AT, "scim", active, role, each)
        document = user_document(user, kind)
        search = search_document(document, kind)
        texts = orjson.dumps(document).decode(), orjson.dumps(search).decode()
        assert user_texts(user, kind) == texts
