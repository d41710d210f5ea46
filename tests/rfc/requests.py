"""The requests that RFC 7644 §3 shows, as a table: what exists, what is sent, what comes back."""

from dataclasses import dataclass, field

from schema.scim.attributes import Document

USER_ID = "2819c223-7f76-453a-919d-413861904646"  # Babs Jensen, as the examples name her.
OTHER_ID = "08e1d05d-121c-4561-8b96-473d93df9210"  # James Smith.
# The RFC shortens some ids for readability: shortened id → full id.
CUT_IDS = {
    "2819c223-7f76-...413861904646": USER_ID,
    "2819c223...919d-413861904646": USER_ID,
    "2819c223...413861904646": USER_ID,
    "08e1d05d...473d93df9210": OTHER_ID,
}
BABS: Document = {"value": USER_ID}  # As a member.
JAMES: Document = {"value": OTHER_ID}
WORK: Document = {"value": "bjensen@example.com", "type": "work"}
HOME: Document = {"value": "babs@jensen.org", "type": "home"}
OLD_ADDRESS: Document = {"type": "work", "streetAddress": "100 Universal City Plaza"}


@dataclass(frozen=True)
class RfcRequest:
    """A request of the RFC. `given` is the resource before it, `holds` are facts of it afterwards.

    A fact of None means that the attribute is absent. Of members only `value` is stated: the service
    derives the rest. Ids are the RFC's. A server chooses its own ids, and tests put those into path and body.
    """

    body: str | None  # The name of the example that is the body.
    method: str
    path: str
    status: int
    given: Document = field(default_factory=dict)
    holds: Document = field(default_factory=dict)


def _group(body: str, members: list[Document], after: list[Document] | None) -> RfcRequest:
    given = {"displayName": "Tour Guides", "members": members}
    path = "/Groups/acbf3ae7-8463-4692-b4fd-9b4da3f908ce"
    return RfcRequest(body, "PATCH", path, 200, given, {"members": after})


def _user(body: str, given: Document, holds: Document) -> RfcRequest:
    path = f"/Users/{USER_ID}"
    return RfcRequest(body, "PATCH", path, 200, {"userName": "bjensen", **given}, holds)


PATCHES = (
    _group("rfc7644-3.5.2-patch-body", [JAMES], [JAMES, BABS]),
    _group("rfc7644-3.5.2.1-patch-add-members", [], [BABS]),
    _group("rfc7644-3.5.2.1-patch-add-members", [BABS], [BABS]),
    _user(
        "rfc7644-3.5.2.1-patch-add-without-path",
        {"emails": [WORK]},
        {"emails": [WORK, HOME], "nickName": "Babs"},
    ),
    _group("rfc7644-3.5.2.2-patch-remove-one-member", [BABS, JAMES], [JAMES]),
    _group("rfc7644-3.5.2.2-patch-remove-all-members", [BABS, JAMES], None),
    _user(
        "rfc7644-3.5.2.2-patch-remove-filtered-emails", {"emails": [WORK, HOME]}, {"emails": [HOME]}
    ),
    _group("rfc7644-3.5.2.2-patch-remove-and-add-member", [BABS], [JAMES]),
    _group("rfc7644-3.5.2.2-patch-remove-all-and-add-members", [JAMES], [BABS, JAMES]),
    _group("rfc7644-3.5.2.3-patch-replace-all-members", [], [BABS, JAMES]),
    _user(
        "rfc7644-3.5.2.3-patch-replace-work-address",
        {"addresses": [OLD_ADDRESS]},
        {
            "addresses": [
                {
                    "type": "work",
                    "streetAddress": "911 Universal City Plaza",
                    "locality": "Hollywood",
                    "region": "CA",
                    "postalCode": "91608",
                    "country": "US",
                    "formatted": "911 Universal City Plaza\nHollywood, CA 91608 US",
                    "primary": True,
                }
            ]
        },
    ),
    _user(
        "rfc7644-3.5.2.3-patch-replace-street-address",
        {"addresses": [OLD_ADDRESS]},
        {"addresses": [{**OLD_ADDRESS, "streetAddress": "1010 Broadway Ave"}]},
    ),
    _user(
        "rfc7644-3.5.2.3-patch-replace-without-path",
        {"emails": [{"value": "old@example.com"}]},
        {"emails": [{**WORK, "primary": True}, HOME], "nickName": "Babs"},
    ),
)

REQUESTS = (
    RfcRequest(
        "rfc7644-3.3-create-user-request", "POST", "/Users", 201,
        holds={"userName": "bjensen", "externalId": "bjensen"},
    ),
    RfcRequest(None, "GET", f"/Users/{USER_ID}", 200, {"userName": "bjensen"}, {"userName": "bjensen"}),
    RfcRequest("rfc7644-3.4.3-search-request", "POST", "/.search", 200),
    RfcRequest(
        "rfc7644-3.5.1-replace-user-request", "PUT", f"/Users/{USER_ID}", 200,
        {"userName": "bjensen", "nickName": "Babs"},
        {
            "externalId": "bjensen", "nickName": None, "roles": None,
            "emails": [{"value": "bjensen@example.com"}, {"value": "babs@jensen.org"}],
        },
    ),
    *PATCHES,
    RfcRequest(None, "DELETE", f"/Users/{USER_ID}", 204, {"userName": "bjensen"}),
    RfcRequest("rfc7644-3.7.1-bulk-circular-request", "POST", "/Bulk", 200),
    RfcRequest("rfc7644-3.7.2-bulk-reference-request", "POST", "/Bulk", 200),
    RfcRequest("rfc7644-3.7.2-bulk-manager-request", "POST", "/Bulk", 200),
    RfcRequest("rfc7644-3.7.3-bulk-request", "POST", "/Bulk", 200),
    RfcRequest(
        "rfc7644-3.14-create-user-request", "POST", "/Users", 201,
        holds={"userName": "bjensen", "externalId": "bjensen"},
    ),
)  # fmt: skip
