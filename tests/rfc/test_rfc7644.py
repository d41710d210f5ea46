"""The messages of RFC 7644 §3, read without a server: errors, lists, patches."""

from typing import Any

import orjson
import pytest

from schema.scim import errors, urns
from schema.scim.attributes import Document
from schema.scim.definitions import GROUP, USER
from schema.scim.patch.apply import apply
from schema.scim.patch.operations import read_patch
from tests.rfc.documents import NAMES, example
from tests.rfc.requests import CUT_IDS, PATCHES, REQUESTS, USER_ID, RfcRequest

BAD_BODY = "Request is unparsable, syntactically incorrect, or violates schema."
CHANGED = "Failed to update.  Resource changed on the server."
MESSAGES = {
    urns.ERROR,
    urns.LIST_RESPONSE,
    urns.SEARCH_REQUEST,
    urns.PATCH_OP,
    urns.BULK_REQUEST,
    urns.BULK_RESPONSE,
}


def whole(request: str) -> Document:
    """Return the body of a request, with full ids in place of those that the RFC shortens."""
    text = orjson.dumps(example(request)).decode()
    for cut, identifier in CUT_IDS.items():
        text = text.replace(cut, identifier)
    body: Document = orjson.loads(text)
    return body


def fact(document: Document, name: str) -> Any:
    """Return an attribute as the table states it: of members only their value."""
    if name == "members" and name in document:
        return [{"value": each["value"]} for each in document[name]]
    return document.get(name)


def test_every_request_of_the_rfc_is_in_the_table() -> None:
    requests = {name for name in NAMES if name.endswith("-request") or "-patch-" in name}

    assert {each.body for each in REQUESTS} - {None} == requests


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("rfc7644")])
def test_a_message_names_a_schema_that_we_know(name: str) -> None:
    assert set(example(name)["schemas"]) <= {*MESSAGES, USER.schema.id, GROUP.schema.id}


@pytest.mark.parametrize(
    ("name", "error"),
    [
        (
            "rfc7644-3.12-not-found-error",
            errors.NotFound(f"Resource {USER_ID} not found"),
        ),
        ("rfc7644-3.6-deleted-user-error", errors.NotFound(f"Resource {USER_ID} not found")),
        ("rfc7644-3.12-mutability-error", errors.Mutability("Attribute 'id' is readOnly")),
        (
            "rfc7644-3.7.4-bulk-too-large-error",
            errors.PayloadTooLarge(
                "The size of the bulk operation exceeds the maxPayloadSize (1048576)."
            ),
        ),
    ],
)
def test_an_error_is_written_as_the_rfc_writes_it(name: str, error: errors.ScimError) -> None:
    assert error.document() == example(name)


@pytest.mark.parametrize(
    ("index", "error"),
    [
        (0, errors.InvalidSyntax(BAD_BODY)),
        (1, errors.PreconditionFailed(CHANGED)),
        (2, errors.PreconditionFailed(CHANGED)),
        (3, errors.NotFound("Resource does not exist.")),
    ],
)
def test_an_error_in_a_bulk_response_is_written_as_the_rfc_writes_it(
    index: int, error: errors.ScimError
) -> None:
    operations = example("rfc7644-3.7.3-bulk-all-errors-response")["Operations"]

    assert error.document() == operations[index]["response"]


@pytest.mark.parametrize("sent", PATCHES, ids=lambda each: each.body)
def test_a_patch_of_the_rfc_does_what_the_rfc_says(sent: RfcRequest) -> None:
    resource_type = GROUP if sent.path.startswith("/Groups") else USER
    patch = read_patch(whole(sent.body or ""), resource_type, USER_ID)

    patched = apply(sent.given, patch.operations)

    assert patch.ignored == ()
    assert {name: fact(patched, name) for name in sent.holds} == sent.holds
