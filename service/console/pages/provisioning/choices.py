"""What the filters of cycles, live activity and audit offer."""

from typing import Final
from uuid import UUID

from service.console.framework.call import ConsoleCall
from service.console.texts.texts import Phrase
from service.replay.describe import token_labels

# Event types, as the parameter `type` of the audit API takes them → their word.
KINDS: Final = (
    ("UserProvisioned,GroupCreated", Phrase("kind.created", "Created")),
    ("UserChanged,GroupChanged,UserLinked", Phrase("kind.changed", "Attributes changed")),
    ("RoleAssigned,ExplicitRoleChanged", Phrase("kind.role", "Role changed")),
    ("UserDeactivated", Phrase("kind.deactivated", "Deactivated")),
    ("UserReactivated", Phrase("kind.reactivated", "Reactivated")),
    ("UserDeleted,GroupDeleted", Phrase("kind.deleted", "Deleted")),
    ("MembersAdded,MembersRemoved", Phrase("kind.members", "Membership changed")),
    ("GuardHeld,UsersHeld,HoldApproved,HoldRejected", Phrase("kind.held", "Held by the guard")),
)
MORE_KINDS: Final = (
    (
        (
            "TokenIssued,TokenRotated,TokenRevoked,ClientRegistered,ClientSecretAdded,"
            "ClientSecretRevoked,ClientTrustChanged,ClientRevoked"
        ),
        Phrase("kind.tokens", "Tokens and clients"),
    ),
    (
        (
            "SettingsChanged,RoleGroupsChanged,SchemaRegistered,AccountDesignated,"
            "OrganizationRenamed,OrganizationSuspended,OrganizationResumed"
        ),
        Phrase("kind.settings", "Settings"),
    ),
    (
        "UserErased,ReferenceErased,LegalHoldSet,LegalHoldLifted",
        Phrase("kind.erasure", "Erasure and legal holds"),
    ),
    ("AuditRead,AuditExported", Phrase("kind.read", "Read and exported")),
)


def kind_options(call: ConsoleCall, *, with_more: bool = False) -> list[tuple[str, str]]:
    """Return the kinds of events, as a select shows them."""
    kinds = KINDS + MORE_KINDS if with_more else KINDS
    return [
        ("", call.t("kind.any", "Any change")),
        *((each, call.t(*word)) for each, word in kinds),
    ]


async def token_options(call: ConsoleCall) -> list[tuple[str, str]]:
    """Return the tokens and clients of the organization, as a select shows them."""
    async with call.runtime.pool.acquire() as connection:
        labels = await token_labels(connection, call.organization.id)
    named = sorted(labels.items(), key=lambda each: each[1].casefold())
    anybody = ("", call.t("token.any", "Any token"))
    return [anybody, *((str(each), label) for each, label in named)]


def as_uuid(text: str | None) -> UUID | None:
    """Return a parameter that is a UUID; None for any other."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
