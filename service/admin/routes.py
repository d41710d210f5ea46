"""The routes of the admin API, each with the scope that a token needs for it."""

from typing import Final

from service.admin import clients, organization
from service.admin.client_messages import (
    ClientRow,
    MadeClientRow,
    MadeSecretRow,
    NewClientBody,
    NewSecretBody,
)
from service.admin.messages import OrganizationRow, RoleRow
from service.api.models import ListQuery, Page
from service.api.route import Api, Route
from service.callers.scopes import ADMIN, ADMIN_READ

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
        Route(
            "GET",
            "/clients",
            ADMIN_READ,
            clients.list_them,
            "List the OAuth clients, oldest first.",
            query=ListQuery,
            answer=Page[ClientRow],
        ),
        Route(
            "POST",
            "/clients",
            ADMIN,
            clients.register,
            "Register an OAuth client. Its secret is shown this once.",
            body=NewClientBody,
            answer=MadeClientRow,
            status=201,
        ),
        Route(
            "GET",
            "/clients/{id}",
            ADMIN_READ,
            clients.read,
            "Read an OAuth client.",
            answer=ClientRow,
        ),
        Route(
            "POST",
            "/clients/{id}/revoke",
            ADMIN,
            clients.revoke,
            "Revoke an OAuth client. Its access tokens are refused within a second.",
            answer=ClientRow,
        ),
        Route(
            "POST",
            "/clients/{id}/secrets",
            ADMIN,
            clients.add_secret,
            "Give an OAuth client one more secret. It is shown this once.",
            body=NewSecretBody,
            may_omit_body=True,
            answer=MadeSecretRow,
            status=201,
        ),
        Route(
            "POST",
            "/clients/{id}/secrets/{secretId}/revoke",
            ADMIN,
            clients.revoke_secret,
            "Revoke a secret of an OAuth client.",
            answer=ClientRow,
        ),
    ),
)
