"""The routes of the admin API, each with the scope that a token needs for it."""

from typing import Final

from service.admin import accounts, clients, groups, organization, people, tokens
from service.admin.client_messages import (
    ClientChange,
    ClientRow,
    MadeClientRow,
    MadeSecretRow,
    NewClientBody,
    NewSecretBody,
)
from service.admin.guard_routes import ROLE_GROUPS_AND_GUARD
from service.admin.messages import (
    AccountRow,
    IssuedTokenRow,
    NewAccount,
    NewSchema,
    NewToken,
    OrganizationPatch,
    OrganizationRow,
    RoleRow,
    Rotation,
    SchemaRow,
    TokenRow,
)
from service.admin.people_messages import (
    ChangedGroup,
    ChangedPerson,
    GroupChange,
    GroupRow,
    GroupsQuery,
    MemberIds,
    MemberRow,
    NewGroup,
    NewPerson,
    PeopleQuery,
    PersonalData,
    PersonChange,
    PersonRow,
)
from service.api.models import ListQuery, Page
from service.api.route import Api, Route
from service.callers.scopes import ADMIN, ADMIN_READ

ORGANIZATION: Final = (
    Route(
        *("GET", "/organization", ADMIN_READ, organization.read),
        "Read the organization: its name and its settings.",
        answer=OrganizationRow,
    ),
    Route(
        *("PATCH", "/organization", ADMIN, organization.change),
        "Change the name or settings of the organization.",
        body=OrganizationPatch,
        answer=OrganizationRow,
    ),
    Route(
        *("GET", "/roles", ADMIN_READ, organization.list_roles),
        "List the five roles with their UUIDs, which are the values of roleId.",
        answer=Page[RoleRow],
    ),
    Route(
        *("GET", "/schemas", ADMIN_READ, organization.list_schemas),
        "List the extension schemas that the organization has registered.",
        answer=Page[SchemaRow],
    ),
    Route(
        *("POST", "/schemas", ADMIN, organization.add_schema),
        "Register an extension schema, or add attributes to a registered one.",
        body=NewSchema,
        answer=SchemaRow,
        status=201,
    ),
)
ACCOUNTS: Final = (
    Route(
        *("GET", "/accounts", ADMIN_READ, accounts.read_list),
        "List the technical accounts, the latest first.",
        query=ListQuery,
        answer=Page[AccountRow],
    ),
    Route(
        *("POST", "/accounts", ADMIN, accounts.create),
        "Create a technical account with the role Administrator.",
        body=NewAccount,
        answer=AccountRow,
        status=201,
    ),
)
TOKENS: Final = (
    Route(
        *("GET", "/tokens", ADMIN_READ, tokens.read_list),
        "List the tokens, the latest first, also those that no longer work.",
        query=ListQuery,
        answer=Page[TokenRow],
    ),
    Route(
        *("POST", "/tokens", ADMIN, tokens.issue),
        "Issue a token. Its value is in this answer only.",
        body=NewToken,
        answer=IssuedTokenRow,
        status=201,
    ),
    Route(
        *("GET", "/tokens/{id}", ADMIN_READ, tokens.read),
        "Read a token, without its value.",
        answer=TokenRow,
    ),
    Route(
        *("POST", "/tokens/{id}/revoke", ADMIN, tokens.revoke),
        "Revoke a token. Within a second, no process accepts it any more.",
        answer=TokenRow,
    ),
    Route(
        *("POST", "/tokens/{id}/rotate", ADMIN, tokens.rotate),
        "Issue the successor of a token, which then ends at once or after an overlap.",
        body=Rotation,
        may_omit_body=True,
        answer=IssuedTokenRow,
    ),
)
PEOPLE: Final = (
    Route(
        "GET",
        "/users",
        ADMIN_READ,
        people.list_rows,
        "List people by userName.",
        answer=Page[PersonRow],
        query=PeopleQuery,
    ),
    Route(
        "POST",
        "/users",
        ADMIN,
        people.create,
        "Create a person by hand.",
        answer=PersonRow,
        body=NewPerson,
        status=201,
    ),
    Route("GET", "/users/{id}", ADMIN_READ, people.read, "Read a person.", answer=PersonRow),
    Route(
        "PATCH",
        "/users/{id}",
        ADMIN,
        people.change,
        "Change a person.",
        answer=ChangedPerson,
        body=PersonChange,
    ),
    Route(
        "DELETE",
        "/users/{id}",
        ADMIN,
        people.delete,
        "Take a person out of SCIM; the history stays.",
        status=204,
    ),
    Route(
        "GET",
        "/users/{id}/data",
        ADMIN_READ,
        people.data,
        "Read everything that is held on a person (GDPR article 15).",
        answer=PersonalData,
        is_recorded=True,
    ),
    Route(
        "POST",
        "/users/{id}/deactivate",
        ADMIN,
        people.deactivate,
        "Take a person's access away.",
        answer=ChangedPerson,
    ),
    Route(
        "POST",
        "/users/{id}/reactivate",
        ADMIN,
        people.reactivate,
        "Give a person's access back.",
        answer=ChangedPerson,
    ),
)
GROUPS: Final = (
    Route(
        "GET",
        "/groups",
        ADMIN_READ,
        groups.list_rows,
        "List groups by displayName.",
        answer=Page[GroupRow],
        query=GroupsQuery,
    ),
    Route(
        "POST",
        "/groups",
        ADMIN,
        groups.create,
        "Create a group by hand.",
        answer=GroupRow,
        body=NewGroup,
        status=201,
    ),
    Route("GET", "/groups/{id}", ADMIN_READ, groups.read, "Read a group.", answer=GroupRow),
    Route(
        "PATCH",
        "/groups/{id}",
        ADMIN,
        groups.change,
        "Change a group.",
        answer=ChangedGroup,
        body=GroupChange,
    ),
    Route(
        "DELETE",
        "/groups/{id}",
        ADMIN,
        groups.delete,
        "Delete a group; its history stays.",
        status=204,
    ),
    Route(
        "GET",
        "/groups/{id}/members",
        ADMIN_READ,
        groups.members,
        "List the members of a group.",
        answer=Page[MemberRow],
        query=ListQuery,
    ),
    Route(
        "POST",
        "/groups/{id}/members",
        ADMIN,
        groups.add_members,
        "Add members to a group.",
        answer=ChangedGroup,
        body=MemberIds,
    ),
    Route(
        "DELETE",
        "/groups/{id}/members",
        ADMIN,
        groups.remove_members,
        "Remove members from a group.",
        answer=ChangedGroup,
        body=MemberIds,
    ),
)

CLIENTS: Final = (
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
        "PATCH",
        "/clients/{id}",
        ADMIN,
        clients.change,
        "Change the subjects and audiences of a federated client.",
        answer=ClientRow,
        body=ClientChange,
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
)

ADMIN_API: Final = Api(
    prefix="/api/admin/v1",
    title="Administration",
    routes=(*ORGANIZATION, *ACCOUNTS, *TOKENS, *PEOPLE, *GROUPS, *CLIENTS, *ROLE_GROUPS_AND_GUARD),
)
