"""The judge of the drill finds each kind of broken promise in the ledger and the log."""

from dataclasses import replace
from uuid import UUID

import pytest

from schema.events.user import User
from tests.builders import JO, READER, START, VALIDATOR
from tests.drill.judge import Effect, Story, disorder, faults
from tests.drill.ledger import Attempt, Kind, Ledger, Try, Wish

FIRST, SECOND = UUID(int=1), UUID(int=2)  # Requests.


def attempt(*tries: Try, name: str = "jo", is_acknowledged: bool = True) -> Attempt:
    """Return the creation of a user, acknowledged by its last try as version 1."""
    wish = Wish(name, active=True, role_id=READER)
    acknowledged = tries[-1] if is_acknowledged else None
    return Attempt(Kind.CREATE_USER, wish, "POST", "/Users", {}, JO, 1, acknowledged, list(tries))


def tried(request_id: UUID | None = FIRST, *, began_s: float = 1, ended_s: float = 2) -> Try:
    """Return a try that was answered."""
    return Try(began_s, ended_s, 201, request_id)


def effect(request_id: UUID = FIRST, position: int = 1) -> Effect:
    """Return the effect that the attempt should have."""
    versions = frozenset({1})
    return Effect(request_id, position, position, JO, versions, STATE, is_in_a_group=False)


STATE = User(JO, 1, START, START, "scim", True, READER, {})
WHOLE = effect()


def test_what_was_acknowledged_and_is_there_is_no_fault() -> None:
    assert list(faults(attempt(tried()), [WHOLE])) == []


def test_an_unacknowledged_request_may_have_happened_or_not() -> None:
    unanswered = attempt(tried(None), is_acknowledged=False)
    assert [*faults(unanswered, []), *faults(unanswered, [WHOLE])] == []


def test_what_an_earlier_try_did_is_no_fault() -> None:
    assert list(faults(attempt(tried(None), tried(SECOND)), [WHOLE])) == []


@pytest.mark.parametrize(
    ("effects", "fault"),
    [
        ([], "was acknowledged and is not in the log"),
        ([WHOLE, replace(WHOLE, first=7)], "took effect 2 times, at [1, 7]"),
        ([replace(WHOLE, versions=frozenset({2}))], "acknowledged as version 1, found as 2"),
        ([replace(WHOLE, stream_id=SECOND)], f"acknowledged for {JO}, found in {SECOND}"),
        ([replace(WHOLE, request_id=SECOND)], f"acknowledged as {FIRST}, found as {SECOND}"),
        ([replace(WHOLE, state=STATE._replace(role_id=VALIDATOR))], "took effect by half"),
    ],
)
def test_a_broken_promise_is_reported(effects: list[Effect], fault: str) -> None:
    assert [each[: len(fault)] for each in faults(attempt(tried()), effects)] == [fault]


def test_a_request_that_was_sent_after_an_acknowledgement_must_not_stand_before_it() -> None:
    early = attempt(tried(began_s=1, ended_s=2), name="jo")
    late = attempt(tried(SECOND, began_s=3, ended_s=4), name="ann")
    story = Story({"jo": [effect(position=2)], "ann": [effect(SECOND, position=1)]})
    fault = "position 1 was asked for after 2 had been acknowledged"
    assert list(disorder(Ledger([early, late]), story)) == [fault]


def test_requests_that_overlap_may_stand_in_any_order() -> None:
    one = attempt(tried(began_s=1, ended_s=3), name="jo")
    other = attempt(tried(SECOND, began_s=2, ended_s=4), name="ann")
    story = Story({"jo": [effect(position=2)], "ann": [effect(SECOND, position=1)]})
    assert list(disorder(Ledger([one, other]), story)) == []
