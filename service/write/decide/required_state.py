"""The required state: what must be loaded before the commands of a batch can be decided."""

from dataclasses import dataclass, field
from uuid import UUID

from schema.events.user import UNLISTED, UserKind, user_name_key
from schema.scim.attributes import Document
from schema.scim.patch.operations import Kind, Operation
from schema.scim.text import fold
from schema.scim.value import read_value
from service.write.commands import (
    ChangeRoleGroups,
    ClientCommand,
    Command,
    CreateAccount,
    CreateGroup,
    CreateUser,
    DecideHold,
    DeleteGroup,
    DeleteUser,
    EraseOrganization,
    EraseUser,
    ErasureCommand,
    GroupCommand,
    IssueToken,
    LiftLegalHold,
    OrganizationCommand,
    PatchGroup,
    PatchUser,
    RegisterClient,
    ReplaceGroup,
    ReplaceUser,
    RotateToken,
    SetLegalHold,
    TokenCommand,
    UserCommand,
)
from service.write.decide.members import is_about_members, member_ids, mention, parse_ids

TOUCHED = frozenset({"active", "roleId", "roles"})  # Attributes that give access and roles.


@dataclass(slots=True)
class RequiredState:
    """Ids and names to load. `gone` holds the ids that are being deleted: the groups they are in are loaded too.

    What role groups require beyond that is found while loading, because the list of role groups says it.
    """

    organization: bool = False  # With its tokens.
    role_groups: bool = False  # The organization without its tokens: roles or access may change.
    users: set[UUID] = field(default_factory=set)
    user_names: set[str] = field(default_factory=set)
    external_ids: set[str] = field(default_factory=set)
    groups: set[UUID] = field(default_factory=set)
    whole_groups: set[UUID] = field(default_factory=set)  # With all their members.
    group_names: set[str] = field(default_factory=set)
    members: set[UUID] = field(default_factory=set)
    named: dict[UUID, set[UUID]] = field(default_factory=dict)  # Group → ids that may be members.
    gone: set[UUID] = field(default_factory=set)
    former_users: set[UUID] = field(
        default_factory=set
    )  # Also if the directory has them no longer.
    erased: dict[UUID, set[str]] = field(
        default_factory=dict
    )  # Person → by what others may name it.
    legal_holds: bool = False
    everything: bool = False  # The ids of all users, former ones too, and of all groups.
    sent_names: dict[UUID, set[str]] = field(default_factory=dict)  # Group → folded displayNames.
    lists: list[ChangeRoleGroups] = field(default_factory=list)
    holds: set[UUID] = field(default_factory=set)
    may_lose: set[UUID] = field(
        default_factory=set
    )  # Users whose access or role a command may take.

    def add(self, command: Command) -> None:
        """Add what one command requires."""
        if isinstance(command, UserCommand):
            self._add_user_command(command)
        elif isinstance(command, GroupCommand):
            self._add_group_command(command)
        elif isinstance(command, ChangeRoleGroups):
            self.role_groups = True
            self.lists.append(command)
        elif isinstance(command, DecideHold):
            self.organization = True
            self.holds.add(command.id)
        elif isinstance(command, ErasureCommand):
            self._add_erasure(command)
        else:
            self._add_organization(command)

    def _add_user_command(self, command: UserCommand) -> None:
        match command:
            case CreateUser() | CreateAccount():
                self._add_names(command.document, kind_of(command))
                self.external_ids |= {command.document.get("externalId", "")} - {""}
            case ReplaceUser():
                self.users.add(command.id)
                self._add_names(command.document)
                if command.role_ids or not TOUCHED.isdisjoint(command.document):
                    self._add_loss(command.id)
            case PatchUser():
                self.users.add(command.id)
                self._add_patched_names(command)
                if any(each.path.attribute.name in TOUCHED for each in command.patch.operations):
                    self._add_loss(command.id)
            case DeleteUser():
                self.users.add(command.id)
                self.gone.add(command.id)
                self._add_loss(command.id)

    def _add_group_command(self, command: GroupCommand) -> None:
        self.role_groups = True
        match command:
            case CreateGroup() | ReplaceGroup():
                self._add_group_document(command)
            case PatchGroup():
                self._add_group_patch(command)
            case DeleteGroup():
                self.groups.add(command.id)
                self.gone.add(command.id)

    def _add_loss(self, user_id: UUID) -> None:
        self.role_groups = True
        self.may_lose.add(user_id)

    def _add_erasure(self, command: ErasureCommand) -> None:
        self.organization = self.legal_holds = True
        match command:
            case EraseUser():
                self.gone.add(command.id)
                self.former_users |= {command.id, *command.mentioned_by}
                if not command.is_alone:
                    self.erased[command.id] = {str(command.id), *command.names}
            case SetLegalHold() | LiftLegalHold():
                ids = [command.subject_id] if command.subject_id else []
                self.former_users.update(ids)
            case EraseOrganization():
                self.everything = True
        self.users |= self.former_users

    def _add_organization(
        self, command: TokenCommand | OrganizationCommand | ClientCommand
    ) -> None:
        self.organization = True
        if isinstance(command, IssueToken | RegisterClient):
            self.users.add(command.account_id)
        elif isinstance(command, RotateToken):
            self.users.add(command.successor.account_id)

    def _add_names(self, document: Document, kind: UserKind = "person") -> None:
        if "userName" in document:
            self.user_names.add(user_name_key(document["userName"], kind))

    def _add_patched_names(self, command: PatchUser) -> None:
        for operation in command.patch.operations:
            self.user_names |= _sent_name(operation, "userName")

    def _add_group_document(self, command: CreateGroup | ReplaceGroup) -> None:
        document = command.document
        if "displayName" in document:
            self._add_group_names(command.id, {fold(document["displayName"])})
        self.members |= set(parse_ids(member_ids(document.get("members", ()))))
        if isinstance(command, ReplaceGroup):
            self.groups.add(command.id)
            if "members" in document or command.is_emptied:
                self.whole_groups.add(command.id)

    def _add_group_names(self, group_id: UUID, names: set[str]) -> None:
        if names:
            self.group_names |= names
            self.sent_names.setdefault(group_id, set()).update(names)

    def _add_group_patch(self, command: PatchGroup) -> None:
        self.groups.add(command.id)
        for operation in command.patch.operations:
            if is_about_members(operation):
                mentioned = mention(operation)
                ids = set(parse_ids(mentioned.ids))
                self.members |= ids
                if ids:
                    self.named.setdefault(command.id, set()).update(ids)
                if mentioned.is_of_everyone:
                    self.whole_groups.add(command.id)
            self._add_group_names(command.id, _sent_name(operation, "displayName"))


def kind_of(command: CreateUser | CreateAccount) -> UserKind:
    """Return the kind of user that a command creates."""
    if isinstance(command, CreateUser):
        return "person"
    return "account" if command.listed_in_scim else UNLISTED


def _sent_name(operation: Operation, name: str) -> set[str]:
    """Return the folded name that an operation gives a resource; an empty set if it sets another attribute."""
    if str(operation.path) != name or operation.kind is Kind.REMOVE:
        return set()
    text = read_value(operation.path.attribute_path, operation.value, [])
    return {fold(text)} if text else set()
