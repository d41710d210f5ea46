"""The organization of the caller, and its roles."""

from schema.events.organization import Organization
from service.admin.messages import OrganizationRow, RoleRow
from service.api.call import Call
from service.api.models import Page


async def read(call: Call) -> OrganizationRow:
    """GET /organization."""
    return organization_row(call.organization)


def organization_row(found: Organization) -> OrganizationRow:
    """Return an organization as it is answered."""
    return OrganizationRow(id=found.id, name=found.name, created_at=found.created_at)


async def list_roles(call: Call) -> Page[RoleRow]:
    """GET /roles."""
    rows = [RoleRow(id=role_id, name=name) for name, role_id in call.organization.roles.items()]
    return Page[RoleRow](items=rows, next_cursor=None)
