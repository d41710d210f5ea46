"""The fold of a rebuild: its shorter way through the events of a user leads to the states of `evolve`."""

from collections.abc import Sequence
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstore.sealing.sealer import Sealer
from projections.directory.fold import Folded
from projections.fold import NotFolded, take
from schema.events.codec import encode
from schema.events.event import Event
from schema.events.user import RoleAssigned, UserEvent, UserProvisioned, evolve
from schema.scim.definitions import USER
from tests.builders import EDITOR, JO, ORGANIZATION_ID, READER, place, provisioned
from tests.rules.test_codec import EVENTS

SEALER = Sealer(bytes(32), name_key=bytes(32))
LATER = [EVENTS[each] for each in get_args(UserEvent) if each is not UserProvisioned]
LIVES = st.tuples(EVENTS[UserProvisioned], st.lists(st.one_of(*LATER), max_size=6)).map(
    lambda drawn: [drawn[0], *drawn[1]]
)


class Logged(tuple[Any, ...]):
    """A row whose columns have names, too, as those that Postgres answers have."""

    __slots__ = ()
    NAMES = ("stream_id", "version", "position", "type", "schema_version")

    def __getitem__(self, key: Any) -> Any:
        """Return a column by name or number."""
        return super().__getitem__(self.NAMES.index(key) if isinstance(key, str) else key)


def logged(event: Event, version: int) -> tuple[Any, bytes | None]:
    """Return an event as a reading of the log gives it, and its personal part."""
    encoded = encode(event)
    at = place(JO, version, version + 10)
    place_and_type = (at.stream_id, at.version, at.position, encoded.type, encoded.schema_version)
    return Logged((*place_and_type, at.recorded_at, at.source, encoded.data)), encoded.personal


def evolved(events: Sequence[Any]) -> Any:
    """Return the state that `evolve` leads to."""
    state = None
    for version, event in enumerate(events, start=1):
        state = evolve(state, event, place(JO, version, version + 10))
    return state


def folded(events: Sequence[Event]) -> Folded:
    """Return the fold after events."""
    found = Folded()
    for version, event in enumerate(events, start=1):
        found.take(*logged(event, version))
    return found


@given(LIVES)
def test_a_user_is_folded_to_what_evolve_leads_to(events: list[Event]) -> None:
    assert folded(events).state == evolved(events)


@given(LIVES)
def test_users_with_equal_public_texts_do_not_share_values(events: list[Event]) -> None:
    others = [events[0].model_copy(update={"values": {"userName": "other"}}), *events[1:]]
    first, second = folded(events), folded(others)
    assert (first.state, second.state) == (evolved(events), evolved(others))


def test_losses_of_a_user_are_rows() -> None:
    lower = RoleAssigned(role_id=READER, previous_role_id=EDITOR, takes_access=True)
    rows = dict(folded([provisioned(), lower]).rows(ORGANIZATION_ID, USER, SEALER))
    assert rows["losses"][1:5] == (JO, 12, JO, "demotion")


def test_an_event_with_values_that_its_type_cannot_have_names_its_place() -> None:
    row, _ = logged(RoleAssigned(role_id=READER, previous_role_id=EDITOR), 2)
    found = folded([provisioned()])
    with pytest.raises(AssertionError, match="has no personal part"):
        found.take(row, b"{}")


def test_an_event_before_the_first_one_is_not_folded() -> None:
    row, personal = logged(RoleAssigned(role_id=READER, previous_role_id=EDITOR), 1)
    with pytest.raises(NotFolded, match=f"position 11 of .*, stream {JO}") as found:
        take(Folded(), ORGANIZATION_ID, row, personal)
    assert "before UserProvisioned" in str(found.value.__cause__)
