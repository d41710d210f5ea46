"""Where our schema documents differ from the examples of RFC 7643 §8.7, and why."""

from dataclasses import dataclass
from typing import Any

from schema.scim.urns import ENTERPRISE_USER, GROUP, RESOURCE_TYPE, SCHEMA, USER
from schema.scim.urns import SERVICE_PROVIDER_CONFIG as CONFIG

CASE_EXACT = "RFC 7643 §2.3.6, §2.3.7: binary and reference values compare with case."
NO_LIST = "An empty list suggests no types, but Entra may take the key alone for a list of types."
IS_LIST = "In the text of the RFC it is a list; in the example it is not."
EVERY_TYPE = "RFC 7643 §2.3.6 has the type binary; the example forgets it."
TYPES = ["string", "complex", "boolean", "decimal", "integer", "dateTime", "reference"]


@dataclass(frozen=True)
class Deviation:
    """A characteristic that we state differently; None means that it is not stated."""

    schema: str
    attribute: str
    characteristic: str
    rfc: Any
    ours: Any
    reason: str


DEVIATIONS = (
    Deviation(USER, "profileUrl", "caseExact", False, True, CASE_EXACT),
    Deviation(USER, "photos.value", "caseExact", False, True, CASE_EXACT),
    Deviation(USER, "groups.$ref", "caseExact", False, True, CASE_EXACT),
    Deviation(USER, "x509Certificates.value", "caseExact", False, True, CASE_EXACT),
    Deviation(USER, "roles.type", "canonicalValues", [], None, NO_LIST),
    Deviation(USER, "x509Certificates.type", "canonicalValues", [], None, NO_LIST),
    Deviation(
        GROUP, "displayName", "required", False, True, "RFC 7643 §4.2 says REQUIRED in its text."
    ),
    Deviation(
        GROUP, "displayName", "uniqueness", "none", "server", "Entra finds groups by their name."
    ),
    Deviation(GROUP, "members.$ref", "caseExact", False, True, CASE_EXACT),
    Deviation(ENTERPRISE_USER, "manager.$ref", "caseExact", False, True, CASE_EXACT),
    Deviation(CONFIG, "documentationUri", "caseExact", False, True, CASE_EXACT),
    Deviation(CONFIG, "authenticationSchemes.specUri", "caseExact", False, True, CASE_EXACT),
    Deviation(
        CONFIG, "authenticationSchemes.documentationUri", "caseExact", False, True, CASE_EXACT
    ),
    Deviation(RESOURCE_TYPE, "endpoint", "caseExact", False, True, CASE_EXACT),
    Deviation(RESOURCE_TYPE, "schemaExtensions", "multiValued", False, True, IS_LIST),
    Deviation(SCHEMA, "attributes.type", "canonicalValues", TYPES, [*TYPES, "binary"], EVERY_TYPE),
    Deviation(
        SCHEMA,
        "attributes.subAttributes.type",
        "canonicalValues",
        TYPES,
        [*TYPES, "binary"],
        EVERY_TYPE,
    ),
    Deviation(
        SCHEMA, "attributes.subAttributes.referenceTypes", "multiValued", False, True, IS_LIST
    ),
)

LISTED = (
    "RFC 7643 §3.1 allows it, and Microsoft's gallery check wants all mapped names in the schema."
)
ADDITIONS = {  # (schema, attribute) that the examples of §8.7 do not have → why we have it.
    (USER, "externalId"): LISTED,
    (GROUP, "externalId"): LISTED,
    (
        USER,
        "addresses.primary",
    ): "RFC 7643 §8.2 uses it, and §2.4 has it for every multi-valued attribute.",
    (USER, "roles.displayName"): "Entra's AppRoleAssignmentsComplex sends it in place of display.",
    (USER, "roleId"): "The role of the user, this service's own attribute.",
    (
        GROUP,
        "members.display",
    ): "RFC 7643 §8.4 uses it, and §2.4 has it for every multi-valued attribute.",
    (CONFIG, "etag"): "RFC 7643 §5 requires it; the example forgets it.",
    (CONFIG, "etag.supported"): "RFC 7643 §5 requires it; the example forgets it.",
    (CONFIG, "authenticationSchemes.type"): "RFC 7643 §5 requires it; the example forgets it.",
    (CONFIG, "authenticationSchemes.primary"): "RFC 7643 §8.5 uses it.",
    (CONFIG, "interopProfileConformant"): "An organization may ask for what the profiles demand.",
    (CONFIG, "pagination"): "RFC 9865 adds it.",
    (CONFIG, "pagination.cursor"): "RFC 9865 adds it.",
    (CONFIG, "pagination.index"): "RFC 9865 adds it.",
    (CONFIG, "pagination.defaultPaginationMethod"): "RFC 9865 adds it.",
    (CONFIG, "pagination.defaultPageSize"): "RFC 9865 adds it.",
    (CONFIG, "pagination.maxPageSize"): "RFC 9865 adds it.",
    (CONFIG, "pagination.cursorTimeout"): "RFC 9865 adds it.",
}
