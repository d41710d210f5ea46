"""What a refusal says in the reader's language: the same sentences as `service/requests/findings.py`, as texts."""

from collections.abc import Mapping
from typing import Final

from service.console.texts.texts import Phrase

# Finding → what was found. A test compares them with the table that answers and commands have.
FOUND: Final[Mapping[str, Phrase]] = {
    "userNameTaken": Phrase(
        "finding.userNameTaken", "Another user has this userName; case does not count."
    ),
    "groupNameTaken": Phrase(
        "finding.groupNameTaken", "Another group has this displayName; case does not count."
    ),
    "valueTaken": Phrase("finding.valueTaken", "Another resource has this value of {attribute}."),
    "roleUnknown": Phrase(
        "finding.roleUnknown", "The role that was sent is none of this organization's roles."
    ),
    "rolesContradict": Phrase(
        "finding.rolesContradict", "One request names different roles, and a user has one."
    ),
    "valueMissing": Phrase(
        "finding.valueMissing", "{attribute} is required, and was missing or empty."
    ),
    "valueBlank": Phrase(
        "finding.valueBlank", "{attribute} was blank: it has no character that can be seen."
    ),
    "memberUnknown": Phrase("finding.memberUnknown", "A member of the group does not exist here."),
    "memberInvalid": Phrase(
        "finding.memberInvalid", "A member of the group is not named as members are."
    ),
    "valueReadOnly": Phrase(
        "finding.valueReadOnly", "{attribute} is set by the service, or cannot be removed."
    ),
    "valueInvalid": Phrase(
        "finding.valueInvalid", "The value of {attribute} does not fit the attribute."
    ),
    "valueTooLarge": Phrase(
        "finding.valueTooLarge", "The user would take more space than one may."
    ),
    "pathInvalid": Phrase(
        "finding.pathInvalid", "The path of a change does not name an attribute."
    ),
    "nothingSelected": Phrase(
        "finding.nothingSelected", "A change selects no value that could be changed."
    ),
    "filterInvalid": Phrase("finding.filterInvalid", "The filter of a search is wrong."),
    "pageInvalid": Phrase(
        "finding.pageInvalid", "The page of a list that was asked for does not exist."
    ),
    "bodyMalformed": Phrase(
        "finding.bodyMalformed", "The body is not the message that the endpoint takes."
    ),
    "resourceNotFound": Phrase(
        "finding.resourceNotFound", "The resource does not exist here, or was deleted."
    ),
    "endpointNotFound": Phrase("finding.endpointNotFound", "There is no endpoint with this path."),
    "methodNotAllowed": Phrase(
        "finding.methodNotAllowed", "The endpoint does not serve this method."
    ),
    "technicalAccount": Phrase(
        "finding.technicalAccount",
        "The request would change a technical account, whose tokens are in use.",
    ),
    "scopeInsufficient": Phrase(
        "finding.scopeInsufficient", "The token lacks the scope that the request needs."
    ),
    "notPermitted": Phrase("finding.notPermitted", "The caller may not do this."),
    "tokenExpired": Phrase("finding.tokenExpired", "The token has expired."),
    "tokenRevoked": Phrase("finding.tokenRevoked", "The token or the client was revoked."),
    "accountDeactivated": Phrase(
        "finding.accountDeactivated", "The technical account of the token is deactivated."
    ),
    "accountNotEntitled": Phrase(
        "finding.accountNotEntitled",
        "The technical account of the token is no longer an Administrator.",
    ),
    "tokenUnknown": Phrase(
        "finding.tokenUnknown", "The token names this organization, which does not know it."
    ),
    "organizationSuspended": Phrase(
        "finding.organizationSuspended",
        "The organization is suspended: no token of it is accepted.",
    ),
    "addressNotAllowed": Phrase(
        "finding.addressNotAllowed",
        "The token is not accepted from the address that the request came from.",
    ),
    "heldByGuard": Phrase(
        "finding.heldByGuard",
        "Too many people would lose access at once: the guard holds the change.",
    ),
    "rejectedByGuard": Phrase(
        "finding.rejectedByGuard", "An Administrator rejected the wave that this change belongs to."
    ),
    "lastAdministrator": Phrase(
        "finding.lastAdministrator",
        "The change would leave the organization without an Administrator.",
    ),
    "conflict": Phrase(
        "finding.conflict", "The request conflicts with itself or with the present state."
    ),
    "versionStale": Phrase(
        "finding.versionStale", "The resource has changed since the client read it."
    ),
    "bodyTooLarge": Phrase(
        "finding.bodyTooLarge", "The request is larger than the service accepts."
    ),
    "mediaTypeWrong": Phrase(
        "finding.mediaTypeWrong", "The body has a media type that the endpoint does not take."
    ),
    "quotaUsedUp": Phrase(
        "finding.quotaUsedUp", "The organization has written as many events today as it may."
    ),
    "tooManyRequests": Phrase(
        "finding.tooManyRequests", "More requests came than the limit allows."
    ),
    "requestTooSlow": Phrase("finding.requestTooSlow", "The request did not arrive in time."),
    "serviceUnavailable": Phrase(
        "finding.serviceUnavailable", "The service could not take the request then."
    ),
    "logStopped": Phrase(
        "finding.logStopped",
        "The log of the organization contradicts its checkpoints, so it takes no requests.",
    ),
    "serviceFailed": Phrase("finding.serviceFailed", "The service failed."),
    "refused": Phrase("finding.refused", "The request was refused."),
}
# Remedy → what to change.
CHANGES: Final[Mapping[str, Phrase]] = {
    "matchUser": Phrase(
        "remedy.matchUser",
        "Make userName a matching property of the mapping, so that the existing user is found and updated, or map another value to it.",
    ),
    "matchGroup": Phrase(
        "remedy.matchGroup",
        "Make displayName a matching property of the group mapping, or give the group another name.",
    ),
    "sendOtherValue": Phrase(
        "remedy.sendOtherValue", "Map a value to {attribute} that is different for each resource."
    ),
    "mapRole": Phrase(
        "remedy.mapRole",
        "Map roleId, or the app roles, to the roles that this organization has: GET /Roles lists their ids and names.",
    ),
    "sendOneRole": Phrase(
        "remedy.sendOneRole",
        "Send either roleId or roles, and let the expression choose a single role for each person.",
    ),
    "mapAttribute": Phrase(
        "remedy.mapAttribute",
        "Map a source attribute to {attribute} that everybody in scope has, or give the mapping a default value.",
    ),
    "fillAttribute": Phrase(
        "remedy.fillAttribute",
        "Correct the source of {attribute}, or leave people without it out of the scope.",
    ),
    "provisionMembersFirst": Phrase(
        "remedy.provisionMembersFirst",
        "Assign the members to the application too, so that they are provisioned before the group.",
    ),
    "sendMemberIds": Phrase(
        "remedy.sendMemberIds",
        "Send each member as the id that this service gave the user or group; a group is no member of itself.",
    ),
    "removeMapping": Phrase(
        "remedy.removeMapping",
        "Remove {attribute} from the mapping, or apply the mapping only when a resource is created.",
    ),
    "correctMapping": Phrase(
        "remedy.correctMapping",
        "Correct the expression that is mapped to {attribute}; the detail of the refusal says what fits.",
    ),
    "mapFewerAttributes": Phrase("remedy.mapFewerAttributes", "Map fewer or shorter attributes."),
    "correctTarget": Phrase(
        "remedy.correctTarget",
        "Correct the name of the target attribute in the mapping; GET /Schemas lists the attributes.",
    ),
    "sendValueFirst": Phrase(
        "remedy.sendValueFirst", "Add the value before it is changed, or map the whole attribute."
    ),
    "correctMatching": Phrase(
        "remedy.correctMatching",
        "Correct the matching property: it has to be an attribute of this service, compared with a value.",
    ),
    "beginListAgain": Phrase("remedy.beginListAgain", "Read the list again from its beginning."),
    "correctClient": Phrase(
        "remedy.correctClient",
        "Send the message that RFC 7644 describes; the detail of the refusal names the place.",
    ),
    "matchAgain": Phrase(
        "remedy.matchAgain",
        "Restart provisioning at the identity provider, so that it forgets the old id and matches again.",
    ),
    "correctTenantUrl": Phrase(
        "remedy.correctTenantUrl", "Correct the tenant URL: it ends in /api/scim/v2."
    ),
    "leaveOutTechnicalAccount": Phrase(
        "remedy.leaveOutTechnicalAccount",
        "Leave the technical account out of the scope of provisioning.",
    ),
    "issueWiderToken": Phrase(
        "remedy.issueWiderToken",
        "Issue a token with the scope that the detail names, and enter it at the identity provider.",
    ),
    "askAdministrator": Phrase(
        "remedy.askAdministrator",
        "Read the detail of the refusal, and ask an Administrator of the organization.",
    ),
    "renewToken": Phrase(
        "remedy.renewToken",
        "Issue a new token and enter it as the secret token at the identity provider.",
    ),
    "activateAccount": Phrase("remedy.activateAccount", "Activate the technical account."),
    "makeAccountAdministrator": Phrase(
        "remedy.makeAccountAdministrator",
        "Give the technical account the role Administrator again.",
    ),
    "resumeOrganization": Phrase(
        "remedy.resumeOrganization", "Resume the organization; its tokens work again as they are."
    ),
    "allowAddress": Phrase(
        "remedy.allowAddress",
        "Issue a token whose networks hold the addresses of the identity provider, and enter it there.",
    ),
    "decideHold": Phrase(
        "remedy.decideHold", "Look at the people of the hold, and approve or reject it."
    ),
    "correctScope": Phrase(
        "remedy.correctScope",
        "Correct the scope or the mapping, so that these people keep their access.",
    ),
    "keepAdministrator": Phrase(
        "remedy.keepAdministrator",
        "Leave at least one active Administrator, besides the technical accounts.",
    ),
    "sendAgain": Phrase("remedy.sendAgain", "Split the request, or send it again."),
    "readAgain": Phrase(
        "remedy.readAgain", "Read the resource again and send the change with its new version."
    ),
    "sendLess": Phrase(
        "remedy.sendLess",
        "Split the request; send the members that join or leave in place of all members.",
    ),
    "correctMediaType": Phrase(
        "remedy.correctMediaType", "Send the body as application/scim+json."
    ),
    "raiseQuota": Phrase(
        "remedy.raiseQuota", "Wait for the next day in UTC, or ask the operator for a larger quota."
    ),
    "slowDown": Phrase(
        "remedy.slowDown", "Send fewer requests a second, or ask the operator for a higher limit."
    ),
    "checkNetwork": Phrase(
        "remedy.checkNetwork", "Check the network between the identity provider and this service."
    ),
    "waitForRetry": Phrase(
        "remedy.waitForRetry", "Nothing: the identity provider sends the request again."
    ),
    "verifyLog": Phrase(
        "remedy.verifyLog",
        "The operator has to run `scim-ledger audit verify` and do what it says; until then every request is refused.",
    ),
    "reportRequest": Phrase("remedy.reportRequest", "Quote the id of the request to the operator."),
    "readDetail": Phrase("remedy.readDetail", "Read the detail of the refusal."),
}
