"""Findings: each refusal has a reason, and each reason says what to change."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_network
from uuid import UUID

import pytest

from projections.directory.access import TokenState
from schema.events.organization import Suspension
from schema.scim.definitions import user_type
from schema.scim.errors import (
    Conflict,
    Forbidden,
    InsufficientScope,
    InvalidPath,
    InvalidValue,
    Mutability,
    NotFound,
    PayloadTooLarge,
    ScimError,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    Uniqueness,
)
from service.callers.authenticate import AuthenticatedCaller, reason_of, refuse_address
from service.callers.stopped_logs import stopped
from service.requests.findings import REASONS, RULES, finding_of, sentences
from tests.builders import (
    ADMINISTRATOR,
    ANN,
    CALLER,
    JO,
    account,
    delete_user,
    given,
    jo,
    provisioned,
)
from tests.house.source import text


def about(refusal: ScimError, attribute: str) -> ScimError:
    """Return a refusal that is about an attribute."""
    refusal.attribute = attribute
    return refusal


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (about(Uniqueness("taken in the meantime"), "userName"), "userNameTaken"),
        (about(Uniqueness("taken"), "displayName"), "groupNameTaken"),
        (Uniqueness("Organization 1 exists already."), "valueTaken"),
        (Conflict("Its bulkId references form a circle"), "conflict"),
        (InvalidValue("userName is required and is missing or empty."), "valueMissing"),
        (InvalidValue("members: a group cannot be a member of itself."), "memberInvalid"),
        (InvalidValue("roles and roleId name different roles; a user"), "rolesContradict"),
        (InvalidValue("title must be a string"), "valueInvalid"),
        (Mutability("id is set by the service and cannot be changed."), "valueReadOnly"),
        (InvalidPath("no"), "pathInvalid"),
        (InsufficientScope("no", "scim"), "scopeInsufficient"),
        (Forbidden("/Me is the technical account whose token you use."), "technicalAccount"),
        (NotFound("There is no user 1."), "resourceNotFound"),
        (NotFound("There is no endpoint /x; look."), "endpointNotFound"),
        (Unauthorized("The token expired on 2026-01-01"), "tokenExpired"),
        (Unauthorized("The client was revoked on 2026-01-01"), "tokenRevoked"),
        (
            Unauthorized("The technical account of this token is deactivated; activate it."),
            "accountDeactivated",
        ),
        (Unauthorized("The token is unknown."), "tokenUnknown"),
        (TooManyRequests("The organization may write 5 events a day, and", 1), "quotaUsedUp"),
        (TooManyRequests("The token may send 5 requests a second", 1), "tooManyRequests"),
        (PayloadTooLarge("The user would take 9 bytes"), "valueTooLarge"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_refusal_has_a_reason(refusal: ScimError, code: str) -> None:
    assert finding_of(refusal).code == code


@pytest.mark.parametrize("holder", [JO, ANN], ids=["own", "other"])
def test_a_protected_technical_account_is_named(holder: UUID) -> None:
    story = given(jo(provisioned(role=ADMINISTRATOR)))
    story.known.holders.add(JO)

    with pytest.raises(Mutability) as refused:
        story.when(delete_user(), by=account(holder))

    assert finding_of(refused.value).code == "technicalAccount"


def test_a_suspended_organization_is_named_whatever_the_reason_says() -> None:
    at = datetime(2026, 4, 1, tzinfo=UTC)
    suspension = Suspension(at, "The contract expired on 1 April.")
    suspended = replace(CALLER.organization, suspension=suspension)
    state = TokenState(suspended, JO, JO, at, None, (), is_active=False, is_entitled=False)

    reason = reason_of(state, "token")

    assert finding_of(Unauthorized(reason or "")).code == "organizationSuspended"


def test_an_address_that_is_not_allowed_is_named() -> None:
    state = TokenState(
        CALLER.organization, JO, JO, None, None, (), is_active=True, is_entitled=True
    )
    caller = AuthenticatedCaller(CALLER, state, user_type({}), str(JO), frozenset())

    with pytest.raises(Unauthorized) as refused:
        refuse_address((ip_network("192.0.2.0/24"),), "203.0.113.7", caller)

    assert finding_of(refused.value).code == "addressNotAllowed"


def test_a_stopped_log_is_the_operators_to_mend() -> None:
    found = finding_of(stopped("restored"))

    assert (found.code, REASONS[found.code].where) == ("logStopped", "here")
    assert finding_of(Unavailable("The database cannot be reached: try again.")).code == (
        "serviceUnavailable"
    )


def test_every_kind_of_refusal_has_a_reason_of_its_own() -> None:
    module = ScimError.__module__
    kinds = [kind for kind in ScimError.__subclasses__() if kind.__module__ == module]

    assert len(kinds) > 15
    for kind in kinds:
        refusal = kind.__new__(kind)
        refusal.detail = "Something else."
        assert finding_of(refusal).code != "refused", kind


def test_rules_lead_to_reasons_and_sentences_hold_no_values() -> None:
    assert {each.code for each in RULES} <= REASONS.keys()
    for code, reason in REASONS.items():
        assert code == reason.code
        for sentence in sentences(code, "title"):
            assert re.fullmatch(r"[A-Za-z].*\.", sentence), sentence
            assert "{" not in sentence, sentence
        for sentence in sentences(code, None):
            assert sentence[0].isupper(), sentence


def test_the_reference_lists_every_finding_with_its_remedy() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \|.*\| `(\w+)` \|", text("docs/reference/refusals.md"), re.MULTILINE
    )

    assert dict(rows) == {code: reason.remedy for code, reason in REASONS.items()}
