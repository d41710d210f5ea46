"""Findings: each refusal has a reason, and each reason says what to change."""

import re

import pytest

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
    Uniqueness,
)
from service.requests.findings import REASONS, RULES, finding_of, sentences
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
