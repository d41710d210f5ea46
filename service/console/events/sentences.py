"""Says in a sentence of the reader's language what an event did. Names are data: they are escaped, and become links."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from markupsafe import Markup

from service.console.events.words import attribute_word, listed, role_word
from service.console.framework.links import Links
from service.console.texts.texts import Phrase, Texts, bdi
from service.replay.describe import DescribedEvent

PAGES: Final = {"User": "/people/{}", "Group": "/groups/{}", "Hold": "/guard/{}"}
NAMED_MAX: Final = 5  # Attributes that a sentence names.

# {actor} is who did it, {subject} the person or the group. Each has its own sentence, so that each language can order it.
SENTENCES: Final[Mapping[str, Phrase]] = {
    "UserProvisioned": Phrase(
        "said.provisioned", "{actor} created {subject} with the role {role}."
    ),
    "UserChanged": Phrase("said.changed", "{actor} changed {subject}: {attributes}."),
    "UserLinked": Phrase(
        "said.linked", "{actor} linked {subject}, made by hand before, with the identity provider."
    ),
    "RoleAssigned": Phrase(
        "said.role", "{actor} changed the role of {subject} from {former} to {role}."
    ),
    "ExplicitRoleChanged": Phrase(
        "said.explicit",
        "{actor} named {role} as the role of {subject}, whom a role group gives one.",
    ),
    "UserDeactivated": Phrase("said.deactivated", "{actor} deactivated {subject}. Access ended."),
    "UserReactivated": Phrase("said.reactivated", "{actor} reactivated {subject}."),
    "UserDeleted": Phrase("said.deleted", "{actor} deleted {subject}."),
    "UserErased": Phrase("said.erased", "{actor} erased the personal data of {subject}."),
    "ReferenceErased": Phrase(
        "said.reference_erased", "{actor} removed the name of an erased person from {subject}."
    ),
    "LegalHoldSet": Phrase("said.legal_hold", "{actor} set a legal hold."),
    "LegalHoldLifted": Phrase("said.legal_hold_lifted", "{actor} lifted a legal hold."),
    "GroupCreated": Phrase("said.group_created", "{actor} created the group {subject}."),
    "GroupChanged": Phrase("said.changed", "{actor} changed {subject}: {attributes}."),
    "MembersAdded": Phrase("said.added", "{actor} added {members} to {subject}."),
    "MembersRemoved": Phrase("said.removed", "{actor} removed {members} from {subject}."),
    "GroupDeleted": Phrase("said.group_deleted", "{actor} deleted the group {subject}."),
    "AccountDesignated": Phrase("said.account", "{actor} made {subject} a technical account."),
    "OrganizationRegistered": Phrase("said.registered", "{actor} registered the organization."),
    "OrganizationRenamed": Phrase("said.renamed", "{actor} renamed the organization to {name}."),
    "OrganizationSuspended": Phrase("said.suspended", "{actor} suspended the organization."),
    "OrganizationResumed": Phrase("said.resumed", "{actor} resumed the organization."),
    "OrganizationErased": Phrase("said.organization_erased", "{actor} erased the organization."),
    "TokenIssued": Phrase("said.token", "{actor} created the token “{label}”."),
    "TokenRotated": Phrase("said.token_rotated", "{actor} rotated the token “{label}”."),
    "TokenRevoked": Phrase("said.token_revoked", "{actor} revoked the token “{label}”."),
    "ClientRegistered": Phrase("said.client", "{actor} registered the OAuth client “{label}”."),
    "ClientSecretAdded": Phrase(
        "said.secret", "{actor} added a secret to the OAuth client “{label}”."
    ),
    "ClientSecretRevoked": Phrase(
        "said.secret_revoked", "{actor} revoked a secret of the OAuth client “{label}”."
    ),
    "ClientTrustChanged": Phrase(
        "said.trust", "{actor} changed whose assertions the OAuth client “{label}” accepts."
    ),
    "ClientRevoked": Phrase("said.client_revoked", "{actor} revoked the OAuth client “{label}”."),
    "SchemaRegistered": Phrase("said.schema", "{actor} registered the extension schema {name}."),
    "SettingsChanged": Phrase("said.settings", "{actor} changed the settings {settings}."),
    "RoleGroupsChanged": Phrase("said.role_groups", "{actor} saved the list of role groups."),
    "GuardHeld": Phrase(
        "said.held", "{actor} asked to take access from people: the guard held it."
    ),
    "UsersHeld": Phrase(
        "said.more_held", "{actor} asked the same for more people: they are held too."
    ),
    "HoldApproved": Phrase("said.approved", "{actor} approved a hold."),
    "HoldRejected": Phrase("said.rejected", "{actor} rejected a hold."),
    "ProofBegun": Phrase("said.proof", "{actor} began the proof of the log."),
    "LogKeyChanged": Phrase("said.log_key", "{actor} changed the key that signs the log."),
    "LogRestored": Phrase("said.restored", "{actor} recorded that the log was restored."),
    "AuditExported": Phrase("said.exported", "{actor} exported a part of the log."),
    "AuditRead": Phrase("said.read", "{actor} read the log."),
}


def sentence_of(
    texts: Texts, links: Links, event: DescribedEvent, *, without: UUID | None = None
) -> Markup:
    """Return the sentence of an event. People and groups are links, but for the one whose page it stands on."""
    phrase = SENTENCES.get(event.type)
    wording, facts = event.wording, event.facts
    subject = bdi(wording.subject)
    if event.resource_type in PAGES and event.resource_id != without:
        page = links.to(PAGES[event.resource_type].format(event.resource_id))
        subject = Markup('<a href="{}">{}</a>').format(page, subject)
    values: dict[str, Callable[[], Any]] = {
        "actor": lambda: bdi(wording.actor),
        "subject": lambda: subject,
        "role": lambda: role_word(texts, wording.role),
        "former": lambda: role_word(texts, wording.former_role),
        "attributes": lambda: _attributes(texts, event),
        "members": lambda: _members(texts, event, without),
        "label": lambda: bdi(facts.get("label") or ""),
        "name": lambda: bdi(facts.get("name") or facts.get("document", {}).get("id") or ""),
        "settings": lambda: listed([*facts.get("settings", ())]),
    }
    if phrase is None:  # A later release may have written other types.
        said = texts.t("said.other", "{actor}: {type}, {subject}.")
        return said.format(actor=bdi(wording.actor), type=event.type, subject=subject)
    used = {name: value() for name, value in values.items() if f"{{{name}}}" in phrase.english}
    sentence = texts.t(*phrase, **used)
    if event.type == "RoleAssigned" and wording.cause:
        cause = Markup('<a href="{}">{}</a>').format(
            links.to(f"/groups/{facts.get('groupId')}"), bdi(wording.cause)
        )
        sentence += " " + texts.t(
            "said.because", "The cause is the role group {group}.", group=cause
        )
    return sentence


def _attributes(texts: Texts, event: DescribedEvent) -> Markup:
    names = list(dict.fromkeys(attribute_word(texts, each) for each in event.wording.attributes))
    shown: list[Markup | str] = [bdi(each) for each in names[:NAMED_MAX]]
    if (more := len(names) - NAMED_MAX) > 0:
        shown.append(texts.tn("said.more", "{n} more", "{n} more", n=more))
    return listed(shown)


def _members(texts: Texts, event: DescribedEvent, without: UUID | None) -> Markup:
    """Return who joined or left. On the page of a person, the others are only counted."""
    wording = event.wording
    is_of_person = without is not None and without != event.resource_id
    named = wording.members[:1] if is_of_person else wording.members
    shown: list[Markup | str] = [bdi(each) for each in named]
    if not shown:
        return texts.tn("said.members", "{n} member", "{n} members", n=wording.member_count)
    if (more := wording.member_count - len(shown)) > 0:
        shown.append(texts.tn("said.others", "{n} other", "{n} others", n=more))
    if len(shown) == 1:
        return listed(shown)
    return texts.t("said.and", "{first} and {last}", first=listed(shown[:-1]), last=shown[-1])
