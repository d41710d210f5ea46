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
EXPORTS: Final[Mapping[str, str]] = {
    "evidence": "evidence",
    "events": "the events",
    "access": "who had which access",
    "report": "a report",
    "organization": "everything",
}


@dataclass(frozen=True, slots=True)
class Wording:
    """What a sentence may name: everything is a text that a person recognizes."""

    actor: str
    token: str | None  # The label of the token or client that it used.
    subject: str  # The user, the group or the organization.
    facts: Mapping[str, Any]
    attributes: Sequence[str] = ()
    role: str | None = None
    former_role: str | None = None
    members: Sequence[str] = ()  # The names of the first of them.
    member_count: int = 0
    cause: str | None = None  # The role group that gave the role.


def sentence(event_type: str, wording: Wording) -> str:
    """Return the sentence of an event."""
    actor = f"{wording.actor} (token “{wording.token}”)" if wording.token else wording.actor
    say = SENTENCES.get(event_type)  # A later release may have written other types.
    return f"{actor} {say(wording)}." if say else f"{actor}: {event_type} of {wording.subject}."


def _provisioned(wording: Wording) -> str:
    role = f" as {_article(wording.role)} {wording.role}" if wording.role else ""
    return f"created {wording.subject}{role}"


def _role(wording: Wording) -> str:
    because = f", because of the role group {wording.cause}" if wording.cause else ""
    return f"changed the role of {wording.subject} from {wording.former_role} to {wording.role}{because}"


def _changed(wording: Wording) -> str:
    if not wording.attributes:
        return f"changed {wording.subject}"
    return f"changed {listed([_label(each) for each in wording.attributes])} of {wording.subject}"


def _added(wording: Wording) -> str:
    return f"added {people(wording.members, wording.member_count)} to {wording.subject}"


def _removed(wording: Wording) -> str:
    return f"removed {people(wording.members, wording.member_count)} from {wording.subject}"


def _settings(wording: Wording) -> str:
    names = list(wording.facts.get("settings", ()))
    return f"changed the settings {listed(names)} of {wording.subject}"


def _spared(wording: Wording) -> str:
    return f"user {who}" if (who := wording.facts.get("subjectId")) else f"all of {wording.subject}"


def _explicit(wording: Wording) -> str:
    if wording.role is None:
        return f"named no role for {wording.subject} any more; a role group gives it"
    return (
        f"named {wording.role} as the role of {wording.subject}, to whom a role group gives another"
    )


def _held(wording: Wording) -> str:
    kind = wording.facts.get("kind")
    return f"asked for the {kind} of {_users(wording)}, which waits in hold {wording.subject}"


def _webhook(wording: Wording) -> str:
    webhook = f"webhook {wording.facts.get('webhookId')}"
    match wording.facts.get("change"):
        case "replayed":
            return f"let {webhook} have all events after {wording.facts.get('after')} again"
        case "secretRotated":
            return f"gave {webhook} another secret"
        case change:
            return f"{change} {webhook}"


def _users(wording: Wording) -> str:
    count = len(wording.facts.get("users", ()))
    return f"{count:,} user{'s' if count != 1 else ''}"


def _designated(wording: Wording) -> str:
    unlisted = "" if wording.facts.get("listedInScim") else ", which SCIM does not list"
    return f"made {wording.subject} a technical account{unlisted}"


def _rotated(wording: Wording) -> str:
    ends = str(wording.facts.get("endsAt"))
    return f"replaced the token “{wording.facts.get('label')}” by another, and it ends at {ends}"


def _restored(wording: Wording) -> str:
    kept, lost = (wording.facts.get(each, {}).get("size") for each in ("kept", "lost"))
    return f"recorded that the log of {wording.subject} was restored: it had {lost} events, and kept {kept}"


def _exported(wording: Wording) -> str:
    first, last = (wording.facts.get(each) for each in ("fromPosition", "toPosition"))
    return f"exported {EXPORTS[wording.facts['what']]} of {wording.subject}, positions {first} to {last}"


def _read(wording: Wording) -> str:
    count, facts = wording.facts.get("reads", 1), wording.facts
    times = f" {count:,} times" if count != 1 else ""
    asked = len(facts.get("subjects", ())) + (facts.get("subjectsLeftOut") or 0)
    about = f", also about {people(wording.members, asked)}" if asked else ""
    if sought := facts.get("names"):
        about += f", and searched for {listed([f'“{each}”' for each in sought])}"
    elif sought := facts.get("namesSought"):
        about += f", and searched for {sought:,} name{'s' if sought != 1 else ''} that nobody had"
    return f"read the log of {wording.subject}{times}{about}"


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


SENTENCES: Final[Mapping[str, Callable[[Wording], str]]] = {
    "UserProvisioned": _provisioned,
    "UserChanged": _changed,
    "UserLinked": lambda wording: f"linked {wording.subject} with the identity provider",
    "RoleAssigned": _role,
    "UserDeactivated": lambda wording: f"deactivated {wording.subject}",
    "UserReactivated": lambda wording: f"reactivated {wording.subject}",
    "UserDeleted": lambda wording: f"deleted {wording.subject}",
    "UserErased": lambda wording: f"erased {wording.subject}",
    "ReferenceErased": lambda wording: (
        f"removed the name of an erased person from {wording.subject}"
    ),
    "LegalHoldSet": lambda wording: f"set a legal hold on {_spared(wording)}",
    "LegalHoldLifted": lambda wording: f"lifted the legal hold on {_spared(wording)}",
    "OrganizationErased": lambda wording: f"erased the organization {wording.subject}",
    "GroupCreated": lambda wording: f"created the group {wording.subject}",
    "GroupChanged": _changed,
    "MembersAdded": _added,
    "MembersRemoved": _removed,
    "GroupDeleted": lambda wording: f"deleted the group {wording.subject}",
    "AuditRead": _read,
    "OrganizationRegistered": lambda wording: f"registered the organization {wording.subject}",
    "OrganizationRenamed": lambda wording: (
        f"renamed the organization to {wording.facts.get('name')}"
    ),
    "OrganizationSuspended": lambda wording: f"suspended the organization {wording.subject}",
    "OrganizationResumed": lambda wording: f"resumed the organization {wording.subject}",
    "AccountDesignated": _designated,
    "TokenIssued": lambda wording: f"created the token “{wording.facts.get('label')}”",
    "TokenRotated": _rotated,
    "TokenRevoked": lambda wording: f"revoked the token “{wording.facts.get('label')}”",
    "ClientRegistered": lambda wording: f"registered the client “{wording.facts.get('label')}”",
    "ClientSecretAdded": lambda wording: (
        f"added a secret to the client “{wording.facts.get('label')}”"
    ),
    "ClientSecretRevoked": lambda wording: (
        f"revoked a secret of the client “{wording.facts.get('label')}”"
    ),
    "ClientTrustChanged": lambda wording: (
        f"changed whose assertions the client “{wording.facts.get('label')}” accepts"
    ),
    "ClientRevoked": lambda wording: f"revoked the client “{wording.facts.get('label')}”",
    "SchemaRegistered": lambda wording: (
        f"registered the extension schema {wording.facts.get('document', {}).get('id')}"
    ),
    "SettingsChanged": _settings,
    "RoleGroupsChanged": lambda wording: f"saved the list of role groups of {wording.subject}",
    "ExplicitRoleChanged": _explicit,
    "GuardHeld": _held,
    "UsersHeld": lambda wording: (
        f"asked for the same for {_users(wording)} more, which waits in hold {wording.subject}"
    ),
    "HoldApproved": lambda wording: f"approved hold {wording.subject}",
    "HoldRejected": lambda wording: f"rejected hold {wording.subject}",
    "WebhookCreated": lambda wording: f"created the webhook “{wording.facts.get('label')}”",
    "WebhookChanged": _webhook,
    "TokenExpiring": lambda wording: (
        f"announced that a token expires within {wording.facts.get('days')} days"
    ),
    "ProofBegun": lambda wording: f"began the proof of the log of {wording.subject}",
    "LogKeyChanged": lambda wording: f"changed the key that signs the log of {wording.subject}",
    "LogRestored": _restored,
    "AuditExported": _exported,
}
