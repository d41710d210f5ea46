"""What erases people, what stops it, and how a contract ends."""

from uuid import UUID

import pytest

from schema.events.organization import LegalHoldLifted, LegalHoldSet, OrganizationErased
from schema.scim.errors import Conflict, NotFound
from service.write.commands import (
    Command,
    DecideHold,
    EraseOrganization,
    EraseUser,
    LiftLegalHold,
    RenameOrganization,
    SetLegalHold,
)
from service.write.decide.erasure import StillPeopled
from service.write.decide.state import Decision
from tests.builders import (
    JO,
    ORGANIZATION_ID,
    SALES,
    Story,
    created,
    delete_group,
    given,
    jo,
    post_group,
    post_user,
    provisioned,
    sales,
)

ERASE = EraseUser(ORGANIZATION_ID, JO, "Request 1", is_forced=True)
END = EraseOrganization(ORGANIZATION_ID, "End of contract")


def erased(story: Story) -> bool:
    """Return whether Jo can be erased."""
    try:
        story.when(ERASE)
    except Conflict:
        return False
    return story.user().is_deleted


@pytest.mark.parametrize("subject", [JO, None])
def test_a_legal_hold_of_the_batch_stops_an_erasure_until_it_is_lifted(
    subject: UUID | None,
) -> None:
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


def test_a_contract_ends_once_nobody_and_no_group_is_left() -> None:
    story = given(jo(provisioned()), sales(created()))

    for each in (ERASE, delete_group()):
        with pytest.raises(StillPeopled, match="still has"):
            story.when(END)
        story.when(each)

    ended = OrganizationErased(reason="End of contract")
    story.when(END).then(Decision(ORGANIZATION_ID, ended))


@pytest.mark.parametrize(
    "command",
    [
        post_user(),
        post_group(),
        RenameOrganization(ORGANIZATION_ID, "Other"),
        DecideHold(SALES, is_approved=True),
        END,
    ],
)
def test_nothing_is_written_to_an_erased_organization(command: Command) -> None:
    story = Story()
    story.when(END)

    with pytest.raises(NotFound, match="no such organization"):
        story.when(command)
