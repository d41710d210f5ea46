"""What erases people, what stops it, and how a contract ends."""

from uuid import UUID

import pytest

from schema.events.organization import LegalHoldLifted, LegalHoldSet
from schema.scim.errors import Conflict, NotFound
from service.write.commands import EraseUser, LiftLegalHold, SetLegalHold
from tests.builders import JO, ORGANIZATION_ID, Story, given, jo, provisioned

ERASE = EraseUser(ORGANIZATION_ID, JO, "Request 1", is_forced=True)


def erased(story: Story) -> bool:
    """Return whether Jo can be erased."""
    try:
        story.when(ERASE)
    except Conflict:
        return False
    return story.user().is_deleted


@pytest.mark.parametrize("subject", [JO, None])
def test_a_legal_hold_of_the_batch_stops_an_erasure_until_it_is_lifted(subject: UUID | None) -> None:
    story = given(jo(provisioned()))
    hold = SetLegalHold(ORGANIZATION_ID, subject, "Case 1")
    lift = LiftLegalHold(ORGANIZATION_ID, subject, "Closed")

    story.when(hold)
    [made] = story.decisions
    assert isinstance(made.event, LegalHoldSet)
    story.when(hold).then()
    assert not erased(story)

    story.when(lift)
    [lifted] = story.decisions
    assert isinstance(lifted.event, LegalHoldLifted)
    with pytest.raises(NotFound):
        story.when(lift)
    assert erased(story)
