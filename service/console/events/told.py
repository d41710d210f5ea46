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
        "told.provisioned", "{actor} created {subject} with the role {role}."
    ),
    "UserChanged": Phrase("told.changed", "{actor} changed {subject}: {attributes}."),
    "UserLinked": Phrase(
        "told.linked", "{actor} linked {subject}, made by hand before, with the identity provider."
    ),
    "RoleAssigned": Phrase(
        "told.role", "{actor} changed the role of {subject} from {former} to {role}."
    ),
    "ExplicitRoleChanged": Phrase(
        "told.explicit",
        "{actor} named {role} as the role of {subject}, whom a role group gives one.",
    ),
    "UserDeactivated": Phrase("told.deactivated", "{actor} deactivated {subject}. Access ended."),
    "UserReactivated": Phrase("told.reactivated", "{actor} reactivated {subject}."),
    "UserDeleted": Phrase("told.deleted", "{actor} deleted {subject}."),
    "UserErased": Phrase("told.erased", "{actor} erased the personal data of {subject}."),
    "ReferenceErased": Phrase(
        "told.reference_erased", "{actor} removed the name of an erased person from {subject}."
    ),
    "LegalHoldSet": Phrase("told.legal_hold", "{actor} set a legal hold."),
    "LegalHoldLifted": Phrase("told.legal_hold_lifted", "{actor} lifted a legal hold."),
    "GroupCreated": Phrase("told.group_created", "{actor} created the group {subject}."),
    "GroupChanged": Phrase("told.changed", "{actor} changed {subject}: {attributes}."),
    "MembersAdded": Phrase("told.added", "{actor} added {members} to {subject}."),
    "MembersRemoved": Phrase("told.removed", "{actor} removed {members} from {subject}."),
    "GroupDeleted": Phrase("told.group_deleted", "{actor} deleted the group {subject}."),
    "AccountDesignated": Phrase("told.account", "{actor} made {subject} a technical account."),
    "OrganizationRegistered": Phrase("told.registered", "{actor} registered the organization."),
    "OrganizationRenamed": Phrase("told.renamed", "{actor} renamed the organization to {name}."),
    "OrganizationSuspended": Phrase("told.suspended", "{actor} suspended the organization."),
    "OrganizationResumed": Phrase("told.resumed", "{actor} resumed the organization."),
    "OrganizationErased": Phrase("told.organization_erased", "{actor} erased the organization."),
    "TokenIssued": Phrase("told.token", "{actor} created the token “{label}”."),
    "TokenRotated": Phrase("told.token_rotated", "{actor} rotated the token “{label}”."),
    "TokenRevoked": Phrase("told.token_revoked", "{actor} revoked the token “{label}”."),
    "ClientRegistered": Phrase("told.client", "{actor} registered the OAuth client “{label}”."),
    "ClientSecretAdded": Phrase(
        "told.secret", "{actor} added a secret to the OAuth client “{label}”."
    ),
    "ClientSecretRevoked": Phrase(
        "told.secret_revoked", "{actor} revoked a secret of the OAuth client “{label}”."
    ),
    "ClientTrustChanged": Phrase(
        "told.trust", "{actor} changed whose assertions the OAuth client “{label}” accepts."
    ),
    "ClientRevoked": Phrase("told.client_revoked", "{actor} revoked the OAuth client “{label}”."),
    "SchemaRegistered": Phrase("told.schema", "{actor} registered the extension schema {name}."),
    "SettingsChanged": Phrase("told.settings", "{actor} changed the settings {settings}."),
    "RoleGroupsChanged": Phrase("told.role_groups", "{actor} saved the list of role groups."),
    "GuardHeld": Phrase(
        "told.held", "{actor} asked to take access from people: the guard held it."
    ),
    "UsersHeld": Phrase(
        "told.more_held", "{actor} asked the same for more people: they are held too."
    ),
    "HoldApproved": Phrase("told.approved", "{actor} approved a hold."),
    "HoldRejected": Phrase("told.rejected", "{actor} rejected a hold."),
    "ProofBegun": Phrase("told.proof", "{actor} began the proof of the log."),
    "LogKeyChanged": Phrase("told.log_key", "{actor} changed the key that signs the log."),
    "LogRestored": Phrase("told.restored", "{actor} recorded that the log was restored."),
    "AuditExported": Phrase("told.exported", "{actor} exported a part of the log."),
    "AuditRead": Phrase("told.read", "{actor} read the log."),
}


def told(
    texts: Texts, links: Links, event: DescribedEvent, *, without: UUID | None = None
) -> Markup:
    """Return the sentence of an event. People and groups are links, but for the one whose page it stands on."""
    phrase = SENTENCES.get(event.type)
    wording, facts = event.wording, event.facts
    subject = bdi(event.resource_name)
    if event.resource_type in PAGES and event.resource_id != without:
        page = links.to(PAGES[event.resource_type].format(event.resource_id))
        subject = Markup('<a href="{}">{}</a>').format(page, subject)
    values: dict[str, Callable[[], Any]] = {
        "actor": lambda: bdi(wording.actor),
        "subject": lambda: subject,
        "role": lambda: role_word(texts, wording.role),
        "former": lambda: role_word(texts, wording.former_role),
        "attributes": lambda: _attributes(texts, event),
        "members": lambda: _members(texts, event),
        "label": lambda: bdi(facts.get("label") or ""),
        "name": lambda: bdi(facts.get("name") or facts.get("document", {}).get("id") or ""),
        "settings": lambda: listed([*facts.get("settings", ())]),
    }
    if phrase is None:  # A later release may have written other types.
        said = texts.t("told.other", "{actor}: {type}, {subject}.")
        return said.format(actor=bdi(wording.actor), type=event.type, subject=subject)
    used = {name: value() for name, value in values.items() if f"{{{name}}}" in phrase.english}
    sentence = texts.t(*phrase, **used)
    if event.type == "RoleAssigned" and wording.cause:
        cause = Markup('<a href="{}">{}</a>').format(
            links.to(f"/groups/{facts.get('groupId')}"), bdi(wording.cause)
        )
        sentence += " " + texts.t(
            "told.because", "The cause is the role group {group}.", group=cause
        )
    return sentence


def _attributes(texts: Texts, event: DescribedEvent) -> Markup:
    names = list(dict.fromkeys(attribute_word(texts, each) for each in event.wording.attributes))
    shown: list[Markup | str] = [bdi(each) for each in names[:NAMED_MAX]]
    if (more := len(names) - NAMED_MAX) > 0:
        shown.append(texts.tn("told.more", "{n} more", "{n} more", n=more))
    return listed(shown)


def _members(texts: Texts, event: DescribedEvent) -> Markup:
    wording = event.wording
    shown: list[Markup | str] = [bdi(each) for each in wording.members]
    if not shown:
        return texts.tn("told.members", "{n} member", "{n} members", n=wording.member_count)
    if (more := wording.member_count - len(shown)) > 0:
        shown.append(texts.tn("told.others", "{n} other", "{n} others", n=more))
    return listed(shown)
