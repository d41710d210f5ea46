"""What a client asks for next: a request that certainly changes something, under a new name."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from tests.drill.ledger import Attempt, Kind, Wish
from tests.serving import Tenant, patch_op

USERS_MAX = 40  # That one client keeps.
GROUPS_MAX = 3
MEMBERS_ADDED_MAX = 3
ROLES = ("Editor", "Contributor", "Validator", "Reader")


@dataclass(slots=True)
class Holding:
    """The resources of one client: nobody else changes them, so that it knows what they are."""

    tenant: Tenant
    prefix: str  # Of all its names.
    rng: Random
    users: dict[UUID, int] = field(default_factory=dict)  # Id → version.
    groups: dict[UUID, int] = field(default_factory=dict)
    named: int = 0

    def next_attempt(self) -> Attempt:
        """Return the next request."""
        return self.rng.choice(self._choices())()

    def _choices(self) -> list[Callable[[], Attempt]]:
        choices = [self._create_user] if len(self.users) < USERS_MAX else []
        if self.users:
            choices += [self._change_user] * 3
        if len(self.users) > USERS_MAX // 2:
            choices.append(self._delete_user)
        if self.users and len(self.groups) < GROUPS_MAX:
            choices.append(self._create_group)
        return [*choices, self._change_group] if self.groups and self.users else choices

    def _name(self) -> str:
        self.named += 1
        return f"{self.prefix}-{self.named}"

    def _create_user(self) -> Attempt:
        wish = self._user_wish()
        body = {
            "userName": wish.name,
            "externalId": wish.name,
            "displayName": wish.name,
            "active": wish.active,
            "roleId": str(wish.role_id),
        }
        return Attempt(Kind.CREATE_USER, wish, "POST", "/Users", body)

    def _change_user(self) -> Attempt:
        """Change name, role and state in one request: up to three events, all or none of them."""
        wish, user_id = self._user_wish(), self._any(self.users)
        changes = {"displayName": wish.name, "active": wish.active, "roleId": str(wish.role_id)}
        body = patch_op({"op": "replace", "value": changes})
        path = f"/Users/{user_id}"
        return Attempt(Kind.CHANGE_USER, wish, "PATCH", path, body, user_id)

    def _user_wish(self) -> Wish:
        role_id = UUID(self.tenant.roles[self.rng.choice(ROLES)])
        return Wish(self._name(), self.rng.random() < 0.7, role_id)

    def _delete_user(self) -> Attempt:
        """Delete a user: its groups say so in streams of their own, in the same request."""
        user_id = self._any(self.users)
        return Attempt(
            Kind.DELETE_USER, Wish(self._name()), "DELETE", f"/Users/{user_id}", None, user_id
        )

    def _create_group(self) -> Attempt:
        wish = self._group_wish()
        members = [{"value": str(each)} for each in wish.members]
        body = {"displayName": wish.name, "members": members}
        return Attempt(Kind.CREATE_GROUP, wish, "POST", "/Groups", body)

    def _change_group(self) -> Attempt:
        wish, group_id = self._group_wish(), self._any(self.groups)
        body = patch_op(
            {"op": "replace", "path": "displayName", "value": wish.name},
            {"op": "add", "path": "members", "value": [{"value": str(e)} for e in wish.members]},
        )
        path = f"/Groups/{group_id}"
        return Attempt(Kind.CHANGE_GROUP, wish, "PATCH", path, body, group_id)

    def _group_wish(self) -> Wish:
        count = min(len(self.users), self.rng.randint(1, MEMBERS_ADDED_MAX))
        return Wish(self._name(), members=frozenset(self.rng.sample(sorted(self.users), count)))

    def _any(self, ids: dict[UUID, int]) -> UUID:
        return self.rng.choice(sorted(ids))

    def take_note(self, attempt: Attempt) -> None:
        """Take in what an acknowledged request has led to."""
        assert attempt.stream_id
        held = self.groups if attempt.kind in (Kind.CREATE_GROUP, Kind.CHANGE_GROUP) else self.users
        if attempt.kind is Kind.DELETE_USER:
            del held[attempt.stream_id]
            return
        assert attempt.version
        held[attempt.stream_id] = attempt.version
