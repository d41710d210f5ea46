"""From what an identity provider says of somebody to a person of an organization, and to roles."""

from typing import Final

from projections.directory.load import load_users
from projections.directory.queries.point_reads import USER_BY_EXTERNAL_ID, USER_BY_USER_NAME
from schema.events.organization import Organization
from schema.events.user import User
from schema.scim.errors import NotFound
from schema.scim.text import fold
from service.console.sessions.caller import AUDITOR, OPERATOR, roles_of
from service.console.sessions.oidc import Oidc, SignedIn, SignInRefused
from service.organizations.register import find_organization
from service.runtime import Runtime

EMAIL: Final = "email"


async def organization_of(runtime: Runtime, oidc: Oidc, found: SignedIn) -> Organization | None:
    """Return the organization that a claim names; without such a claim in the settings the only one.

    None: the person belongs to none, which an operator need not. Errors: SignInRefused.
    """
    wanted = found.text(oidc.organization_claim)
    if oidc.organization_claim is not None and wanted is None:
        return None
    try:
        return await find_organization(runtime, wanted)
    except NotFound:
        if wanted is None and oidc.organization_claim is None:
            return None
        raise SignInRefused("organization", "The claim names no organization.") from None


async def person_of(
    runtime: Runtime, oidc: Oidc, organization: Organization, found: SignedIn
) -> User | None:
    """Return the person: by externalId, else by the claim that the operator says is the userName.

    An address alone is no proof: a claim `email` counts only if the issuer says that it has verified it.
    """
    external_id, name = found.text(oidc.person_claim), found.text(oidc.user_name_claim)
    if oidc.user_name_claim == EMAIL and found.claims.get("email_verified") is not True:
        name = None
    keys = [(USER_BY_EXTERNAL_ID, external_id), (USER_BY_USER_NAME, name and fold(name))]
    for lookup, key in keys:
        if key is None:
            continue
        rows = await runtime.reader.find(lookup, organization.id, key)
        if len(rows) == 1:
            async with runtime.pool.acquire() as connection:
                users, _ = await load_users(connection, organization.id, [rows[0].id])
            return users.get(rows[0].id)
    return None


def granted_roles(
    oidc: Oidc, organization: Organization | None, person: User | None, found: SignedIn
) -> frozenset[str]:
    """Return the roles of somebody: those of the directory and the settings, and those that a claim names.

    Errors: SignInRefused if there are none.
    """
    named = found.texts(oidc.roles_claim)
    roles = frozenset({OPERATOR}) & named
    if organization is not None and person is not None and person.active:
        roles |= roles_of(organization, person) | (frozenset({AUDITOR}) & named)
    if not roles:
        why = "unknown" if person is None else "role"
        raise SignInRefused(why, "Nobody with a role in the console is known by these claims.")
    return roles
