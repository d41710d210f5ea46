"""The lines of `events tail` show facts as a person reads them."""

from datetime import UTC, datetime

import pytest

from eventstore.events import RecordedEvent
from schema.events.codec import encode
from schema.events.event import Event
from schema.events.user import RoleAssigned
from service.cli.tail import as_line
from tests.builders import EDITOR, JO, NOBODY, READER, VALIDATOR, organization, provisioned

CONFLICT = (EDITOR, VALIDATOR)


@pytest.mark.parametrize(
    "event",
    [
        RoleAssigned(role_id=EDITOR, previous_role_id=READER, conflicting_role_ids=CONFLICT),
        provisioned(role=EDITOR, conflict=CONFLICT),
    ],
)
def test_roles_are_shown_by_name_in_lists_too(event: Event) -> None:
    line = as_line(recorded(event), organization(), None)

    assert "roleId=Editor" in line
    assert 'conflictingRoleIds=["Editor","Validator"]' in line


def recorded(event: Event) -> RecordedEvent:
    """Return an event as the log returns it."""
    stored = encode(event)
    return RecordedEvent(
        organization_id=NOBODY,
        position=1,
        stream_id=JO,
        version=1,
        event_id=NOBODY,
        type=stored.type,
        schema_version=stored.schema_version,
        recorded_at=datetime(2026, 1, 31, tzinfo=UTC),
        actor_id="cli:jo",
        token_id=None,
        request_id=NOBODY,
        source="cli",
        data=stored.data,
        sealed=None,
        subject_id=None,
    )
