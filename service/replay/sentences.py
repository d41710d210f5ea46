"""Says in one sentence what an event did. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

NAMED_MAX: Final = 3  # Attributes or people that a sentence names.
LABELS: Final[Mapping[str, str]] = {
    "active": "the state",
    "displayName": "the display name",
    "emails": "the mail addresses",
    "externalId": "the external id",
    "name": "the name",
    "phoneNumbers": "the phone numbers",
    "preferredLanguage": "the language",
    "title": "the title",
    "userName": "the user name",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What a sentence may name: everything is a text that a person recognizes."""

    actor: str
    token: str | None  # Its label.
    subject: str  # The user, the group or the organization.
    facts: Mapping[str, Any]
    attributes: Sequence[str] = ()
    role: str | None = None
    former_role: str | None = None
    members: Sequence[str] = ()  # The names of the first of them.
    member_count: int = 0
    cause: str | None = None  # The role group that gave the role.


def sentence(event_type: str, told: Told) -> str:
    """Return the sentence of an event."""
    actor = f"{told.actor} (token “{told.token}”)" if told.token else told.actor
    say = SENTENCES.get(event_type)
    return f"{actor} {say(told)}." if say else f"{actor}: {event_type} of {told.subject}."


def _provisioned(told: Told) -> str:
    role = f" as {_article(told.role)} {told.role}" if told.role else ""
    return f"created {told.subject}{role}"


def _role(told: Told) -> str:
    because = f", because of the role group {told.cause}" if told.cause else ""
    return f"changed the role of {told.subject} from {told.former_role} to {told.role}{because}"


def _changed(told: Told) -> str:
    if not told.attributes:
        return f"changed {told.subject}"
    return f"changed {listed([_label(each) for each in told.attributes])} of {told.subject}"


def _added(told: Told) -> str:
    return f"added {people(told.members, told.member_count)} to {told.subject}"


def _removed(told: Told) -> str:
    return f"removed {people(told.members, told.member_count)} from {told.subject}"


def _settings(told: Told) -> str:
    names = list(told.facts.get("settings", ()))
    return f"changed the settings {listed(names)} of {told.subject}"


def _spared(told: Told) -> str:
    return f"user {who}" if (who := told.facts.get("subjectId")) else f"all of {told.subject}"


def _explicit(told: Told) -> str:
    if told.role is None:
        return f"named no role for {told.subject} any more; a role group gives it"
    return f"named {told.role} as the role of {told.subject}, to whom a role group gives another"


def _held(told: Told) -> str:
    kind = told.facts.get("kind")
    return f"asked for the {kind} of {_users(told)}, which waits in hold {told.subject}"


def _users(told: Told) -> str:
    count = len(told.facts.get("users", ()))
    return f"{count:,} user{'s' if count != 1 else ''}"


def listed(names: Sequence[str]) -> str:
    """Return names as an English list. Of many, the first are named and the rest is counted."""
    shown = list(names[:NAMED_MAX])
    if more := len(names) - len(shown):
        shown.append(f"{more} more")
    if len(shown) < 2:  # noqa: PLR2004 - two names need an "and".
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def people(names: Sequence[str], count: int) -> str:
    """Return members as an English phrase: their names, or the first names and how many others."""
    shown = list(names[:NAMED_MAX]) if count <= NAMED_MAX else list(names[:1])
    if not shown:
        return f"{count:,} members"
    if more := count - len(shown):
        shown.append(f"{more:,} other{'s' if more > 1 else ''}")
    return listed(shown)


def _label(attribute: str) -> str:
    return LABELS.get(attribute) or attribute.rpartition(":")[2]


def _article(word: str | None) -> str:
    return "an" if word and word[0] in "AEIOU" else "a"


SENTENCES: Final[Mapping[str, Callable[[Told], str]]] = {
    "UserProvisioned": _provisioned,
    "UserChanged": _changed,
    "UserLinked": lambda told: f"linked {told.subject} with the identity provider",
    "RoleAssigned": _role,
    "UserDeactivated": lambda told: f"deactivated {told.subject}",
    "UserReactivated": lambda told: f"reactivated {told.subject}",
    "UserDeleted": lambda told: f"deleted {told.subject}",
    "UserErased": lambda told: f"erased {told.subject}",
    "ReferenceErased": lambda told: f"removed the name of an erased person from {told.subject}",
    "LegalHoldSet": lambda told: f"set a legal hold on {_spared(told)}",
    "LegalHoldLifted": lambda told: f"lifted the legal hold on {_spared(told)}",
    "OrganizationErased": lambda told: f"erased the organization {told.subject}",
    "GroupCreated": lambda told: f"created the group {told.subject}",
    "GroupChanged": _changed,
    "MembersAdded": _added,
    "MembersRemoved": _removed,
    "GroupDeleted": lambda told: f"deleted the group {told.subject}",
    "OrganizationRegistered": lambda told: f"registered the organization {told.subject}",
    "TokenIssued": lambda told: f"created the token “{told.facts.get('label')}”",
    "TokenRevoked": lambda told: f"revoked the token “{told.facts.get('label')}”",
    "SchemaRegistered": lambda told: (
        f"registered the extension schema {told.facts.get('document', {}).get('id')}"
    ),
    "SettingsChanged": _settings,
    "RoleGroupsChanged": lambda told: f"saved the list of role groups of {told.subject}",
    "ExplicitRoleChanged": _explicit,
    "GuardHeld": _held,
    "UsersHeld": lambda told: (
        f"asked for the same for {_users(told)} more, which waits in hold {told.subject}"
    ),
    "HoldApproved": lambda told: f"approved hold {told.subject}",
    "HoldRejected": lambda told: f"rejected hold {told.subject}",
}
