"""Why a request was refused, and what to change: one table, which pages, commands and answers share.

A finding is a code that stays the same in all releases. The first rule that fits a refusal decides. Sentences hold the name
of the attribute at most, never a value: values are parameters, which are sealed. Pure.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from schema.scim.errors import InsufficientScope, ScimError

Place = Literal["identityProvider", "here"]
PARAMETER_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Reason:
    """What was found, and its remedy. `{attribute}` stands for the name of the attribute."""

    code: str
    found: str
    remedy: str  # Its code.
    change: str
    where: Place = "identityProvider"


class Rule(NamedTuple):
    """Which refusals a reason is for. None fits all; the pattern is looked for in the detail."""

    code: str
    status: int
    scim_type: str | None = None
    attributes: tuple[str, ...] | None = None
    pattern: str | None = None


class Finding(NamedTuple):
    """Why one request was refused. The parameters may hold values that a client sent."""

    code: str
    parameters: Mapping[str, str]


_REASONS: Final = (
    Reason(
        "userNameTaken",
        "Another user has this userName; case does not count.",
        "matchUser",
        "Make userName a matching property of the mapping, so that the existing user is found and updated, or map another value to it.",
    ),
    Reason(
        "groupNameTaken",
        "Another group has this displayName; case does not count.",
        "matchGroup",
        "Make displayName a matching property of the group mapping, or give the group another name.",
    ),
    Reason(
        "valueTaken",
        "Another resource has this value of {attribute}.",
        "sendOtherValue",
        "Map a value to {attribute} that is different for each resource.",
    ),
    Reason(
        "roleUnknown",
        "The role that was sent is none of this organization's roles.",
        "mapRole",
        "Map roleId, or the app roles, to the roles that this organization has: GET /Roles lists their ids and names.",
    ),
    Reason(
        "rolesContradict",
        "One request names different roles, and a user has one.",
        "sendOneRole",
        "Send either roleId or roles, and let the expression choose a single role for each person.",
    ),
    Reason(
        "valueMissing",
        "{attribute} is required, and was missing or empty.",
        "mapAttribute",
        "Map a source attribute to {attribute} that everybody in scope has, or give the mapping a default value.",
    ),
    Reason(
        "valueBlank",
        "{attribute} was blank: it has no character that can be seen.",
        "fillAttribute",
        "Correct the source of {attribute}, or leave people without it out of the scope.",
    ),
    Reason(
        "memberUnknown",
        "A member of the group does not exist here.",
        "provisionMembersFirst",
        "Assign the members to the application too, so that they are provisioned before the group.",
    ),
    Reason(
        "memberInvalid",
        "A member of the group is not named as members are.",
        "sendMemberIds",
        "Send each member as the id that this service gave the user or group; a group is no member of itself.",
    ),
    Reason(
        "valueReadOnly",
        "{attribute} is set by the service, or cannot be removed.",
        "removeMapping",
        "Remove {attribute} from the mapping, or apply the mapping only when a resource is created.",
    ),
    Reason(
        "valueInvalid",
        "The value of {attribute} does not fit the attribute.",
        "correctMapping",
        "Correct the expression that is mapped to {attribute}; the detail of the refusal says what fits.",
    ),
    Reason(
        "valueTooLarge",
        "The user would take more space than one may.",
        "mapFewerAttributes",
        "Map fewer or shorter attributes.",
    ),
    Reason(
        "pathInvalid",
        "The path of a change does not name an attribute.",
        "correctTarget",
        "Correct the name of the target attribute in the mapping; GET /Schemas lists the attributes.",
    ),
    Reason(
        "nothingSelected",
        "A change selects no value that could be changed.",
        "sendValueFirst",
        "Add the value before it is changed, or map the whole attribute.",
    ),
    Reason(
        "filterInvalid",
        "The filter of a search is wrong.",
        "correctMatching",
        "Correct the matching property: it has to be an attribute of this service, compared with a value.",
    ),
    Reason(
        "pageInvalid",
        "The page of a list that was asked for does not exist.",
        "beginListAgain",
        "Read the list again from its beginning.",
    ),
    Reason(
        "bodyMalformed",
        "The body is not the message that the endpoint takes.",
        "correctClient",
        "Send the message that RFC 7644 describes; the detail of the refusal names the place.",
    ),
    Reason(
        "resourceNotFound",
        "The resource does not exist here, or was deleted.",
        "matchAgain",
        "Restart provisioning at the identity provider, so that it forgets the old id and matches again.",
    ),
    Reason(
        "endpointNotFound",
        "There is no endpoint with this path.",
        "correctTenantUrl",
        "Correct the tenant URL: it ends in /api/scim/v2.",
    ),
    Reason(
        "methodNotAllowed",
        "The endpoint does not serve this method.",
        "correctClient",
        "Send the message that RFC 7644 describes; the detail of the refusal names the place.",
    ),
    Reason(
        "technicalAccount",
        "The request would change a technical account, whose tokens are in use.",
        "leaveOutTechnicalAccount",
        "Leave the technical account out of the scope of provisioning.",
    ),
    Reason(
        "scopeInsufficient",
        "The token lacks the scope that the request needs.",
        "issueWiderToken",
        "Issue a token with the scope that the detail names, and enter it at the identity provider.",
        "here",
    ),
    Reason(
        "notPermitted",
        "The caller may not do this.",
        "askAdministrator",
        "Read the detail of the refusal, and ask an Administrator of the organization.",
        "here",
    ),
    Reason(
        "tokenExpired",
        "The token has expired.",
        "renewToken",
        "Issue a new token and enter it as the secret token at the identity provider.",
    ),
    Reason(
        "tokenRevoked",
        "The token or the client was revoked.",
        "renewToken",
        "Issue a new token and enter it as the secret token at the identity provider.",
    ),
    Reason(
        "accountDeactivated",
        "The technical account of the token is deactivated.",
        "activateAccount",
        "Activate the technical account.",
        "here",
    ),
    Reason(
        "accountNotEntitled",
        "The technical account of the token is no longer an Administrator.",
        "makeAccountAdministrator",
        "Give the technical account the role Administrator again.",
        "here",
    ),
    Reason(
        "tokenUnknown",
        "The token names this organization, which does not know it.",
        "renewToken",
        "Issue a new token and enter it as the secret token at the identity provider.",
    ),
    Reason(
        "organizationSuspended",
        "The organization is suspended: no token of it is accepted.",
        "resumeOrganization",
        "Resume the organization; its tokens work again as they are.",
        "here",
    ),
    Reason(
        "addressNotAllowed",
        "The token is not accepted from the address that the request came from.",
        "allowAddress",
        "Issue a token whose networks hold the addresses of the identity provider, and enter it there.",
        "here",
    ),
    Reason(
        "heldByGuard",
        "Too many people would lose access at once: the guard holds the change.",
        "decideHold",
        "Look at the people of the hold, and approve or reject it.",
        "here",
    ),
    Reason(
        "rejectedByGuard",
        "An Administrator rejected the wave that this change belongs to.",
        "correctScope",
        "Correct the scope or the mapping, so that these people keep their access.",
    ),
    Reason(
        "lastAdministrator",
        "The change would leave the organization without an Administrator.",
        "keepAdministrator",
        "Leave at least one active Administrator, besides the technical accounts.",
    ),
    Reason(
        "conflict",
        "The request conflicts with itself or with the present state.",
        "sendAgain",
        "Split the request, or send it again.",
    ),
    Reason(
        "versionStale",
        "The resource has changed since the client read it.",
        "readAgain",
        "Read the resource again and send the change with its new version.",
    ),
    Reason(
        "bodyTooLarge",
        "The request is larger than the service accepts.",
        "sendLess",
        "Split the request; send the members that join or leave in place of all members.",
    ),
    Reason(
        "mediaTypeWrong",
        "The body has a media type that the endpoint does not take.",
        "correctMediaType",
        "Send the body as application/scim+json.",
    ),
    Reason(
        "quotaUsedUp",
        "The organization has written as many events today as it may.",
        "raiseQuota",
        "Wait for the next day in UTC, or ask the operator for a larger quota.",
        "here",
    ),
    Reason(
        "tooManyRequests",
        "More requests came than the limit allows.",
        "slowDown",
        "Send fewer requests a second, or ask the operator for a higher limit.",
    ),
    Reason(
        "requestTooSlow",
        "The request did not arrive in time.",
        "checkNetwork",
        "Check the network between the identity provider and this service.",
    ),
    Reason(
        "serviceUnavailable",
        "The service could not take the request then.",
        "waitForRetry",
        "Nothing: the identity provider sends the request again.",
        "here",
    ),
    Reason(
        "logStopped",
        "The log of the organization contradicts its checkpoints, so it takes no requests.",
        "verifyLog",
        "The operator has to run `scim-ledger audit verify` and do what it says; until then every request is refused.",
        "here",
    ),
    Reason(
        "serviceFailed",
        "The service failed.",
        "reportRequest",
        "Quote the id of the request to the operator.",
        "here",
    ),
    Reason(
        "refused",
        "The request was refused.",
        "readDetail",
        "Read the detail of the refusal.",
    ),
)
REASONS: Final[Mapping[str, Reason]] = {each.code: each for each in _REASONS}

RULES: Final = (
    Rule("organizationSuspended", 401, pattern="^The organization is suspended since"),
    Rule("addressNotAllowed", 401, pattern="^The token is not accepted from the address"),
    Rule("tokenExpired", 401, pattern="expired on"),
    Rule("tokenRevoked", 401, pattern="was revoked on"),
    Rule("accountDeactivated", 401, pattern="technical account of this .* is deactivated"),
    Rule("accountNotEntitled", 401, pattern="no longer an Administrator"),
    Rule("tokenUnknown", 401),
    Rule("technicalAccount", 403, pattern="technical account whose token you use"),
    Rule("notPermitted", 403),
    Rule(
        "resourceNotFound",
        404,
        pattern=r"^There is no (?:such )?(?:user|group|role|resource|schema)\b",
    ),
    Rule("resourceNotFound", 404, pattern="technical account of this token is gone"),
    Rule("endpointNotFound", 404, pattern="^There is no endpoint"),
    Rule("resourceNotFound", 404),
    Rule("methodNotAllowed", 405),
    Rule("requestTooSlow", 408),
    Rule(
        "userNameTaken",
        409,
        "uniqueness",
        ("userName",),
        r"^(?:.* by user (?P<owner>[0-9a-f-]{36}))?",
    ),
    Rule(
        "groupNameTaken",
        409,
        "uniqueness",
        ("displayName",),
        r"^(?:.* by group (?P<owner>[0-9a-f-]{36}))?",
    ),
    Rule("valueTaken", 409, "uniqueness"),
    Rule("conflict", 409),
    Rule("versionStale", 412),
    Rule("valueTooLarge", 413, pattern="^The user would take"),
    Rule("bodyTooLarge", 413),
    Rule("mediaTypeWrong", 415),
    Rule("quotaUsedUp", 429, pattern="events a day"),
    Rule("tooManyRequests", 429),
    Rule(
        "roleUnknown", 400, pattern=r"^roleId '(?P<value>.*)' is none of this organization's roles"
    ),
    Rule("roleUnknown", 400, pattern=r"^roles\b.* is none of this organization's"),
    Rule("rolesContradict", 400, pattern="name different roles|^roleId is given under two names"),
    Rule(
        "valueMissing",
        400,
        pattern="is required and is missing or empty|is required and cannot be emptied",
    ),
    Rule("valueBlank", 400, pattern="is blank; send"),
    Rule("memberUnknown", 400, pattern="no user or group has the id"),
    Rule(
        "memberInvalid", 400, pattern="^Each of members needs a value|^members: a group cannot be"
    ),
    Rule("memberInvalid", 400, "invalidValue", ("members", "members.value")),
    Rule("technicalAccount", 400, "mutability", pattern="^This is (?:the|a) technical account"),
    Rule("valueReadOnly", 400, "mutability"),
    Rule("pathInvalid", 400, "invalidPath"),
    Rule("nothingSelected", 400, "noTarget"),
    Rule("filterInvalid", 400, "invalidFilter"),
    Rule("pageInvalid", 400, "invalidCursor"),
    Rule("pageInvalid", 400, "expiredCursor"),
    Rule("pageInvalid", 400, "invalidCount"),
    Rule("bodyMalformed", 400, "invalidSyntax"),
    Rule("valueInvalid", 400),
    Rule("logStopped", 503, pattern="^The log of this organization contradicts its checkpoints"),
    Rule("serviceUnavailable", 503),
    Rule("serviceFailed", 500),
)
_CHECKED: Final = [(each, re.compile(each.pattern or "", re.DOTALL)) for each in RULES]
_CLASSES: Final[
    Mapping[str, str]
] = {  # By the class of the refusal, where it says more than its detail.
    "Held": "heldByGuard",
    "Rejected": "rejectedByGuard",
    "LastAdministrator": "lastAdministrator",
}


def finding_of(refusal: ScimError) -> Finding:
    """Return why a request was refused."""
    detail, attribute = refusal.detail, refusal.attribute
    parameters = {"attribute": attribute} if attribute else {}
    if isinstance(refusal, InsufficientScope):
        return Finding("scopeInsufficient", {**parameters, "scope": refusal.scope})
    for each in type(refusal).__mro__:
        if code := _CLASSES.get(each.__name__):
            hold = getattr(refusal, "hold_id", None)
            return Finding(code, {**parameters, "hold": str(hold)} if hold else parameters)
    for rule, pattern in _CHECKED:
        if rule.status != refusal.status or rule.scim_type not in (None, refusal.scim_type):
            continue
        if rule.attributes is not None and attribute not in rule.attributes:
            continue
        if found := pattern.search(detail):
            named = {
                name: value[:PARAMETER_MAX] for name, value in found.groupdict().items() if value
            }
            return Finding(rule.code, {**parameters, **named})
    return Finding("refused", parameters)


def sentences(code: str, attribute: str | None) -> tuple[str, str]:
    """Return what a finding says was found, and what it says to change."""
    reason, name = REASONS.get(code, REASONS["refused"]), attribute or "an attribute"
    found = reason.found.replace("{attribute}", name)
    return found[0].upper() + found[1:] if attribute is None else found, reason.change.replace(
        "{attribute}", name
    )
