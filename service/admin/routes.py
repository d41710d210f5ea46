"""The routes of the admin API, each with the scope that a token needs for it."""

from typing import Final

from service.admin import groups, organization, people
from service.admin.guard_routes import ROLE_GROUPS_AND_GUARD
from service.admin.messages import OrganizationRow, RoleRow
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
        *PEOPLE,
        *GROUPS,
        *ROLE_GROUPS_AND_GUARD,
    ),
)
