"""The routes of the admin API, each with the scope that a token needs for it."""

from typing import Final

from service.admin import organization
from service.admin.messages import OrganizationRow, RoleRow
from service.api.models import Page
from service.api.route import Api, Route
from service.callers.scopes import ADMIN_READ

ADMIN_API: Final = Api(
    prefix="/api/admin/v1",
    title="Administration",
    routes=(
        Route(
            "GET",
            "/organization",
            ADMIN_READ,
            organization.read,
            "Read the organization: its name and its settings.",
            answer=OrganizationRow,
        ),
        Route(
            "GET",
            "/roles",
            ADMIN_READ,
            organization.list_roles,
            "List the five roles with their UUIDs, which are the values of roleId.",
            answer=Page[RoleRow],
        ),
    ),
)
