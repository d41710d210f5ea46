"""Sentences of events, as auditors read them."""

from typing import Any

import pytest

from schema.events.codec import TYPES
from service.replay.describe import kind_of
from service.replay.sentences import SENTENCES, Wording, sentence

FACTS: dict[str, dict[str, Any]] = {
    "AccountDesignated": {"listedInScim": False},
    "AuditExported": {"what": "access", "fromPosition": 1, "toPosition": 7},
    "LogRestored": {"kept": {"size": 5}, "lost": {"size": 9}},
    "TokenRotated": {"label": "entra", "endsAt": "2026-03-31T00:00:00Z"},
    "ClientSecretAdded": {"label": "entra"},
    "OrganizationRenamed": {"name": "Fabrikam"},
}


def test_every_event_has_a_sentence() -> None:
    assert TYPES.keys() - SENTENCES.keys() == set()


@pytest.mark.parametrize(
    ("event_type", "said"),
    [
        ("AccountDesignated", "made Contoso a technical account, which SCIM does not list"),
        ("AuditExported", "exported who had which access of Contoso, positions 1 to 7"),
        (
            "LogRestored",
            "recorded that the log of Contoso was restored: it had 9 events, and kept 5",
        ),
        (
            "TokenRotated",
            "replaced the token “entra” by another, and it ends at 2026-03-31T00:00:00Z",
        ),
        ("ClientSecretAdded", "added a secret to the client “entra”"),
        ("OrganizationRenamed", "renamed the organization to Fabrikam"),
        ("OrganizationSuspended", "suspended the organization Contoso"),
    ],
)
def test_a_sentence_says_what_was_done(event_type: str, said: str) -> None:
    wording = Wording("Ann", "key", "Contoso", FACTS.get(event_type, {}))
    assert sentence(event_type, wording) == f"Ann (token “key”) {said}."


def test_an_event_of_a_later_release_is_named() -> None:
    assert sentence("Foreseen", Wording("Ann", None, "Contoso", {})) == "Ann: Foreseen of Contoso."


@pytest.mark.parametrize(
    ("event_type", "kind"),
    [
        ("AccountDesignated", "User"),
        ("ReferenceErased", "User"),
        ("MembersAdded", "Group"),
        ("UsersHeld", "Hold"),
        ("ClientRevoked", "Organization"),
        ("OrganizationErased", "Organization"),
    ],
)
def test_an_event_is_about_a_resource(event_type: str, kind: str) -> None:
    assert kind_of(event_type) == kind
