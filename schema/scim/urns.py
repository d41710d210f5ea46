"""The URNs of SCIM schemas and messages (RFC 7643 §8, RFC 7644 §8) and our own."""

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ROLE = "urn:ietf:params:scim:schemas:extension:clm:2.0:Role"
ENTERPRISE_USER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CLM_USER = "urn:ietf:params:scim:schemas:extension:clm:2.0:User"
SERVICE_PROVIDER_CONFIG = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
RESOURCE_TYPE = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SEARCH_REQUEST = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
BULK_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"

# Other URNs that clients use for the enterprise extension: SCIM 1.1's, and OneLogin's forms of both (2026-11).
ALIASES = {
    f"urn:scim:schemas:extension:enterprise:{version}{name}": ENTERPRISE_USER
    for version in ("1.0", "2.0")
    for name in ("", ":user")
}


def is_urn(text: str) -> bool:
    """Return whether a name is a URN; the scheme compares without case (RFC 8141 §3.1)."""
    return text[:4].lower() == "urn:"
