"""The refusals of use cases in the reader's language. Their messages are English, for the clients of the APIs.

A message is recognized by its text, and what it names becomes the values of the text that the reader sees. Tests walk all
messages that a form can show, and find those that no phrase here recognizes.
"""

import re
from functools import cache
from string import Formatter
from typing import Final

from service.console.texts.texts import Phrase, Texts

ENGLISH: Final = "en"
REFUSALS: Final = (
    Phrase("refusal.no_user_never", "There is no user {id}, and there never was one."),
    Phrase("refusal.no_user_in", "There is no user {user} in {organization}."),
    Phrase("refusal.no_user", "There is no user {id}."),
    Phrase(
        "refusal.no_user_then",
        "There was no user {id} then, or the person was erased; ask for another instant.",
    ),
    Phrase("refusal.no_group_then", "There was no group {id} then; ask for another instant."),
    Phrase("refusal.nobody", "Nobody has, or ever had, the userName {name}."),
    Phrase(
        "refusal.no_group_named", "There is no group {group}; a deleted group is found by its id."
    ),
    Phrase("refusal.no_group", "There is no group {id}."),
    Phrase("refusal.no_role_of", "There is no role {role}: the roles are {roles}."),
    Phrase("refusal.no_role", "There is no role {id}."),
    Phrase(
        "refusal.role_id",
        "roleId {id} is none of this organization's roles; list them with GET /Roles.",
    ),
    Phrase(
        "refusal.roles_differ",
        "roles and roleId name different roles; a user has exactly one: send one of them.",
    ),
    Phrase(
        "refusal.role_twice", "roleId is given under two names with different values; send it once."
    ),
    Phrase(
        "refusal.user_name_taken",
        "userName {name} is taken by user {id}; userName compares without case. Match that user and change it, or send another userName.",
    ),
    Phrase(
        "refusal.display_name_taken",
        "displayName {name} is taken by group {id}; it compares without case. Match that group and change it, or send another displayName.",
    ),
    Phrase(
        "refusal.taken_meanwhile",
        "Another resource has taken this name in the meantime; match it first.",
    ),
    Phrase(
        "refusal.changed_meanwhile",
        "The resource was changed at the same moment; send the request again.",
    ),
    Phrase(
        "refusal.by_hand",
        "The identity provider writes {fields}, and this organization refuses changes by hand (its setting localChanges is refused). Change it at the identity provider.",
    ),
    Phrase(
        "refusal.last_administrator",
        "This would leave no active Administrator among people. Make somebody else an Administrator first.",
    ),
    Phrase(
        "refusal.rejected",
        "An administrator has refused this change: see hold {id}. If it is intended, approve that hold, then send the request again.",
    ),
    Phrase(
        "refusal.own_account",
        "This is the technical account whose token you use: over SCIM it cannot be deactivated, deleted or given another role than {role}. Leave it out of provisioning, or let an administrator revoke its tokens first.",
    ),
    Phrase(
        "refusal.held_account",
        "This is a technical account, whose tokens are in use: over SCIM it cannot be deactivated, deleted or given another role than {role}. Leave it out of provisioning, or let an administrator revoke its tokens first.",
    ),
    Phrase(
        "refusal.holds_members",
        "The request looks at all {n} members of a group: name those that join or leave in a PATCH, or split the request.",
    ),
    Phrase(
        "refusal.many_groups",
        "It is in {n} groups, too many to leave in one request: remove it from some groups first.",
    ),
    Phrase(
        "refusal.user_bytes",
        "The user would take {size} bytes, and may take {most}: leave out values.",
    ),
    Phrase(
        "refusal.held_now",
        "Held as {id}: more than {users} users and more than {percent} % of {active} active users would lose access within {minutes} minutes (here: {}). An administrator must approve or reject the hold.",
    ),
    Phrase("refusal.no_hold", "There is no hold {id}."),
    Phrase("refusal.hold_grew", "The hold has {now} users now, not {seen}: look at it again."),
    Phrase("refusal.member_itself", "members: a group cannot be a member of itself."),
    Phrase("refusal.member_value", "Each of members needs a value: the id of a user or group."),
    Phrase(
        "refusal.members_unknown_new",
        "members: no user or group has the id {ids}; provision them first. The group was not created.",
    ),
    Phrase(
        "refusal.members_unknown",
        "members: no user or group has the id {ids}; provision them first. The group is unchanged.",
    ),
    Phrase("refusal.role_groups_max", "The list has at most {n} role groups."),
    Phrase(
        "refusal.role_groups_members",
        "The role groups that this is about have more than {n} members together: change one after another.",
    ),
    Phrase(
        "refusal.role_group_named", "A role group is named by its groupId or by its displayName."
    ),
    Phrase(
        "refusal.role_group_twice", "Group {group} is in the list twice; the first would count."
    ),
    Phrase(
        "refusal.stale_preview",
        "Something has changed since the preview. Look at a new preview, then save with its digest.",
    ),
    Phrase("refusal.no_organization", "There is no such organization."),
    Phrase(
        "refusal.organization_taken",
        "There is already an organization {name}; choose another name.",
    ),
    Phrase("refusal.organization_name", "An organization's name has 1 to {n} characters."),
    Phrase(
        "refusal.operators_setting", "Only the operator of the service changes the setting {name}."
    ),
    Phrase("refusal.stays_listed", "{name} stays true: a listed attribute never disappears."),
    Phrase("refusal.no_setting", "There is no setting {name}; there are {names}."),
    Phrase("refusal.setting_legal", "The setting {name} is {legal}, or null for its default."),
    Phrase("refusal.suspended", "The organization is suspended since {day}: {reason}"),
    Phrase("refusal.reason_characters", "A reason has 1 to {n} characters: callers read it."),
    Phrase(
        "refusal.line_token",
        "A token's label is one line of text: leave out line breaks and control characters.",
    ),
    Phrase(
        "refusal.line_client",
        "A client's label is one line of text: leave out line breaks and control characters.",
    ),
    Phrase(
        "refusal.line_organization",
        "An organization's name is one line of text: leave out line breaks and control characters.",
    ),
    Phrase(
        "refusal.line_reason",
        "A reason is one line of text: leave out line breaks and control characters.",
    ),
    Phrase("refusal.no_token", "There is no token {id}."),
    Phrase("refusal.token_over", "This token is revoked or expired: issue a new one."),
    Phrase("refusal.account_able", "A technical account must be active and an {role}."),
    Phrase("refusal.token_label", "A token's label has 1 to {n} characters."),
    Phrase("refusal.networks_max", "A token has at most {n} networks."),
    Phrase("refusal.no_network", "{text} is no network: write it like 203.0.113.0/24."),
    Phrase(
        "refusal.within_network", "{text} is an address within a network: the network is {network}."
    ),
    Phrase("refusal.future", "{field} is in the future, within {n} days; choose another instant."),
    Phrase("refusal.no_scope", "There is no scope {scope} to grant here: there are {scopes}."),
    Phrase("refusal.no_account", "There is no technical account {id}."),
    Phrase("refusal.no_client", "There is no client {id}."),
    Phrase("refusal.client_label", "A client's label has 1 to {n} characters."),
    Phrase(
        "refusal.clients_max",
        "An organization has at most {n} clients; revoke one that is not used.",
    ),
    Phrase("refusal.client_scope", "A client needs at least one scope, such as scim."),
    Phrase(
        "refusal.client_issuer", "A federated client needs an issuer: the iss of its assertions."
    ),
    Phrase(
        "refusal.client_kind",
        "Only a client of the kind federated has issuer, subjects and audiences.",
    ),
    Phrase("refusal.client_subjects", "Only a federated client has subjects and audiences."),
    Phrase("refusal.client_needs", "A federated client needs {name}: at least one exact value."),
    Phrase("refusal.client_values", "A client has at most {n} {name}, and each one once."),
    Phrase(
        "refusal.client_value", "Each of {name} has 1 to {n} printable ASCII characters, no blanks."
    ),
    Phrase(
        "refusal.client_no_secrets", "A federated client has no secrets: its issuer vouches for it."
    ),
    Phrase("refusal.client_no_end", "A federated client has no secret that could expire."),
    Phrase(
        "refusal.secrets_max",
        "A client has at most {n} live secrets; revoke the one that is not used.",
    ),
    Phrase("refusal.secret_end", "A secret expires in the future, at most 3 years from now."),
    Phrase("refusal.no_secret", "Client {id} has no secret {secret}."),
    Phrase("refusal.client_revoked", "Client {id} is revoked; register a new one."),
    Phrase("refusal.issuer_url", "An issuer is a URL of at most {n} printable ASCII characters."),
    Phrase("refusal.issuer_https", "An issuer is a URL that begins with https:// and a host."),
    Phrase("refusal.issuer_plain", "An issuer is a URL without user, query and fragment."),
    Phrase(
        "refusal.issuer_host",
        "An issuer is on a host that is not allowed: SCIM_LEDGER_ISSUER_HOSTS has to name it.",
    ),
    Phrase("refusal.blocked_suspended", "The organization is suspended: {reason}"),
    Phrase("refusal.blocked_deleted", "The account was deleted."),
    Phrase("refusal.blocked_inactive", "The account is deactivated."),
    Phrase("refusal.blocked_role", "The account is no longer an {role}."),
    Phrase("refusal.blocked_client_deleted", "account deleted"),
    Phrase("refusal.blocked_client_inactive", "account deactivated"),
    Phrase("refusal.blocked_client_role", "account not {role}"),
    Phrase("refusal.reason_line", "A reason is one line of 1 to {n} characters."),
    Phrase(
        "refusal.reason_names",
        "The reason holds a name, an address or a number of the person. It stays in the log for ever: give the number of the request instead.",
    ),
    Phrase(
        "refusal.own_erasure",
        "This is the account that you use: erase it on the command line, or from another account.",
    ),
    Phrase(
        "refusal.still_there",
        "User {id} is still in the directory: delete it first, at the identity provider too, or force the erasure, which deletes it at once.",
    ),
    Phrase("refusal.not_erased", "User {id} was not erased."),
    Phrase(
        "refusal.held_all",
        "The organization is under a legal hold, which {name} set on {day} ({reason}): nothing may be erased. Whoever is entitled to lifts it with scim-ledger audit hold lift {} --reason …",
    ),
    Phrase(
        "refusal.held_user",
        "User {id} is under a legal hold, which {name} set on {day} ({reason}): nothing may be erased. Whoever is entitled to lifts it with scim-ledger audit hold lift {} --reason …",
    ),
    Phrase("refusal.no_legal_hold", "There is no such legal hold."),
    Phrase("refusal.schema_json", "The file is not JSON in UTF-8: {error}."),
    Phrase(
        "refusal.schema_twice",
        "The key {key} is given twice in one object; send it once. Names compare without case.",
    ),
    Phrase("refusal.schema_deep", "The JSON nests too deep; flatten it."),
    Phrase("refusal.schema_object", "A schema is a JSON object with id, name and attributes."),
    Phrase(
        "refusal.schema_urn",
        "id must be a URN, such as urn:ietf:params:scim:schemas:extension:Name:2.0:User.",
    ),
    Phrase("refusal.schema_built_in", "{urn} is built in and cannot be registered."),
    Phrase("refusal.schema_attributes", "attributes must be a list of 1 to {n} attributes."),
    Phrase("refusal.schema_same", "Two attributes have the same name; names compare without case."),
    Phrase("refusal.schema_name", "Each attribute needs a name of letters, digits, _, - and $."),
    Phrase(
        "refusal.schema_common",
        "{name} is an attribute of every resource already; use another name.",
    ),
    Phrase(
        "refusal.schema_simple",
        "{name}: an extension has simple attributes only; Entra sends no others.",
    ),
    Phrase("refusal.schema_text", "{key} must be a text of at most 1,000 characters."),
    Phrase("refusal.schema_choice", "{name}: {characteristic} must be one of {choices}."),
    Phrase(
        "refusal.schema_kept",
        "{name} is registered already and cannot be changed or removed; attributes are only ever added.",
    ),
    Phrase("refusal.schema_case", "{urn} is registered already as {registered}; use that one."),
    Phrase("refusal.value_required", "{name} is required and is missing or empty."),
    Phrase("refusal.value_long", "{name} is longer than {n} bytes; shorten it."),
    Phrase(
        "refusal.value_blank", "{name} is blank; send a name with a character that can be seen."
    ),
    Phrase("refusal.value_nul", "A string holds the character U+0000; remove it."),
    Phrase("refusal.no_event_type", "There is no event {name}; there are {names}."),
    Phrase("refusal.no_cycle", "There is no cycle {id}; GET /cycles lists those that are kept."),
    Phrase(
        "refusal.no_checkpoint_log",
        "There is no checkpoint of this log yet: the first one is signed within a second.",
    ),
    Phrase(
        "refusal.no_checkpoint",
        "There is no checkpoint yet: the first one is signed within a second.",
    ),
    Phrase("refusal.no_checkpoint_size", "No checkpoint of size {n} was kept."),
    Phrase(
        "refusal.checkpoint_covers",
        "The checkpoint covers {n} events; position {position} is not among them yet.",
    ),
    Phrase("refusal.checkpoint_newest", "The newest checkpoint covers {n} events, not {size}."),
    Phrase("refusal.positions_from", "Positions count from 1."),
    Phrase("refusal.size_from", "`from` is a size from 1 to {n}, which is what `to` is."),
    Phrase("refusal.no_event_in", "There is no event in this range."),
    Phrase(
        "refusal.no_parquet",
        "This installation cannot write Parquet: install scim-ledger with its extra, scim-ledger[parquet].",
    ),
    Phrase(
        "refusal.cursor", "This list gave no such cursor: send the nextCursor of a page, unchanged."
    ),
    Phrase("refusal.runs_already", "The {work} of {projection} runs already: wait until it ends."),
    Phrase(
        "refusal.other_site",
        "The form was sent by a page of {origin}, and this is {own}. If this is the right address, the operator sets SCIM_LEDGER_PUBLIC_URL or SCIM_LEDGER_ALLOWED_HOSTS.",
    ),
    Phrase(
        "refusal.other_session",
        "The form is not of this session: load the page again and repeat the change.",
    ),
    Phrase("refusal.other_roles", "The page is for other roles."),
    Phrase("refusal.form_type", "Send the form as {type}."),
    Phrase("refusal.form_utf8", "The form is not UTF-8, or has too many fields."),
    Phrase(
        "refusal.live_places",
        "Too many pages are open with live updates: close some, or press Reload.",
    ),
    Phrase("refusal.body_large", "The body is larger than {n} bytes; send less at once."),
    Phrase("refusal.provider_unasked", "The identity provider cannot be asked: {error}"),
    Phrase("refusal.busy_again", "The service is busy; try again."),
    Phrase("refusal.busy_second", "The service is busy; send the request again in a second."),
    Phrase(
        "refusal.busy_organization",
        "The service is busy with other requests of this organization; send it again in a second.",
    ),
    Phrase(
        "refusal.busy_kind",
        "The service is busy with other requests of this kind; send it again in a second.",
    ),
    Phrase(
        "refusal.large_bodies", "Too many large bodies arrive at once; send it again in a second."
    ),
    Phrase(
        "refusal.large_requests", "Too many large requests are in work; send it again in a second."
    ),
    Phrase(
        "refusal.keys_rotated", "The keys of the service are being rotated; send the request again."
    ),
    Phrase("refusal.stops", "The service stops: try again."),
    Phrase("refusal.unknown_outcome", "The outcome is unknown: send the request again."),
    Phrase("refusal.no_database", "The database cannot be reached: try again."),
    Phrase(
        "refusal.other_release",
        "The tables are of another release: the operator must rebuild them; try again later.",
    ),
    Phrase(
        "refusal.elsewhere", "This organization is served elsewhere now: send the request again."
    ),
    Phrase("refusal.moving", "This organization is being moved: send the request again."),
    Phrase(
        "refusal.contradicts",
        "The log of this organization contradicts its checkpoints ({code}): the operator must look at it with `scim-ledger audit verify` before it takes requests again.",
    ),
    Phrase("refusal.went_wrong", "Something went wrong here; quote request {id} to the operator."),
    Phrase(
        "refusal.quota",
        "The organization may write {n} events a day, counted in UTC, and this request needs more than are left; send it again tomorrow, or ask the operator for a larger quota.",
    ),
    Phrase(
        "refusal.lacks_events",
        "The directory lacks events of stream {id}: the operator must run scim-ledger projections rebuild directory. Until then the resource cannot be changed.",
    ),
    Phrase(
        "refusal.unknown_event",
        "{sentence} Until then the resource cannot be changed, and sending the request again does not help.",
    ),
)


def said(texts: Texts, message: str) -> str:
    """Return a message of a use case in the reader's language; as it is, if no phrase is known for it."""
    if texts.language == ENGLISH:
        return message
    found = find_phrase(message)
    if found is None:
        return message
    phrase, values = found
    return texts.t(*phrase, **values)


def find_phrase(message: str) -> tuple[Phrase, dict[str, str]] | None:
    """Return the phrase of a message, and what it names; None if no phrase is known."""
    for phrase, pattern in _patterns():
        if matched := pattern.fullmatch(message):
            return phrase, matched.groupdict()
    return None


@cache
def _patterns() -> tuple[tuple[Phrase, re.Pattern[str]], ...]:
    """Return the phrases with what recognizes them, those with the most words of their own first."""
    sizes = {
        each: sum(len(text) for text, *_ in Formatter().parse(each.english)) for each in REFUSALS
    }
    ordered = sorted(REFUSALS, key=lambda each: -sizes[each])
    return tuple((each, _pattern(each.english)) for each in ordered)


def _pattern(english: str) -> re.Pattern[str]:
    parts = [
        re.escape(text) + ("" if name is None else f"(?P<{name}>.*?)" if name else ".*?")
        for text, name, *_ in Formatter().parse(english)
    ]
    return re.compile("".join(parts), re.DOTALL)
