"""Who makes a request of the console, and with which roles."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg

from eventstore.events import Provenance
from projections.directory.load import load_organization, load_users
from schema.events.organization import TOKEN_ROLE, Organization
from schema.events.user import User
from service.console.sessions.store import Session

SOURCE: Final = "console"  # The door, as events name it.
ADMINISTRATOR: Final = "administrator"
AUDITOR: Final = "auditor"
OPERATOR: Final = "operator"
ROLES: Final = (ADMINISTRATOR, AUDITOR, OPERATOR)
AUDITORS: Final = "consoleAuditors"  # The setting of the organization that names them.


@dataclass(frozen=True, slots=True)
class ConsoleCaller:
    """Somebody who is signed in. An operator need not have an organization."""

    session: Session
    organization: Organization | None
    roles: frozenset[str]
    person: User | None  # None: a link signed in whoever opened it.

    @property
    def name(self) -> str:
        """Return the name of the person; else who made the link."""
        if self.person is None:
            return self.session.actor
        attributes = self.person.attributes
        return str(attributes.get("displayName") or attributes["userName"])

    def provenance(self, request_id: UUID) -> Provenance:
        """Return who acts, as the events of a request record it."""
        return Provenance(self.session.actor, None, request_id, SOURCE)


async def find_caller(pool: asyncpg.Pool, session: Session) -> ConsoleCaller | None:
    """Return who is behind a session, with the roles of now; None if no role is left.

    A person is administrator while the person is an active Administrator, and auditor while the organization's
    setting names the person. What a link granted stays until its session ends.
    """
    if session.organization_id is None:
        roles = frozenset(session.roles) & {OPERATOR}
        return ConsoleCaller(session, None, roles, None) if roles else None
    async with pool.acquire() as connection:
        organization = await load_organization(
            connection, session.organization_id, with_tokens=False
        )
        if organization is None:
            return None
        person = None
        if session.person_id is not None:
            users, _ = await load_users(connection, organization.id, [session.person_id])
            person = users.get(session.person_id)
    if session.person_id is None:
        return ConsoleCaller(session, organization, frozenset(session.roles), None)
    roles = roles_of(organization, person) | (frozenset(session.roles) & {AUDITOR, OPERATOR})
    if person is None or not person.active or not roles:
        return None
    return ConsoleCaller(session, organization, roles, person)


def roles_of(organization: Organization, person: User | None) -> frozenset[str]:
    """Return the roles that a person has in the console by the directory and the settings."""
    if person is None or not person.active:
        return frozenset()
    is_administrator = person.role_id == organization.roles[TOKEN_ROLE]
    is_auditor = str(person.id) in (organization.setting(AUDITORS) or ())
    found = {ADMINISTRATOR: is_administrator, AUDITOR: is_auditor}
    return frozenset(role for role, has_it in found.items() if has_it)
