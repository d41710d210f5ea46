"""The routes of role groups and of the guard."""

from typing import Final

from service.admin import guard, role_groups
from service.admin.guard import (
    GuardRow,
    GuardValues,
    HeldPeopleQuery,
    HeldPerson,
    HoldDecision,
    HoldRow,
    HoldsQuery,
)
from service.admin.role_groups import (
    NewRoleGroups,
    RoleGroupList,
    RoleGroupsQuery,
    SavedOrPreviewed,
)
from service.api.models import Page
from service.api.route import Route
from service.callers.scopes import ADMIN, ADMIN_READ

ROLE_GROUPS_AND_GUARD: Final = (
    Route(
        "GET",
        "/role-groups",
        ADMIN_READ,
        role_groups.read,
        "Read the list of role groups.",
        answer=RoleGroupList,
    ),
    Route(
        "PUT",
        "/role-groups",
        ADMIN,
        role_groups.save,
        "Save the list of role groups as a whole; with dryRun=true only answer who would change.",
        answer=SavedOrPreviewed,
        query=RoleGroupsQuery,
        body=NewRoleGroups,
    ),
    Route(
        "GET",
        "/guard",
        ADMIN_READ,
        guard.read,
        "Read the limits of the guard against mass deprovisioning.",
        answer=GuardRow,
    ),
    Route(
        "PUT",
        "/guard",
        ADMIN,
        guard.save,
        "Set the guard; it applies at once.",
        answer=GuardRow,
        body=GuardValues,
    ),
    Route(
        "GET",
        "/guard/holds",
        ADMIN_READ,
        guard.list_holds,
        "List holds, latest first, with the people in them and those who passed before.",
        answer=Page[HoldRow],
        query=HoldsQuery,
    ),
    Route(
        "GET",
        "/guard/holds/{id}",
        ADMIN_READ,
        guard.read_hold,
        "Read a hold.",
        answer=HoldRow,
    ),
    Route(
        "GET",
        "/guard/holds/{id}/users",
        ADMIN_READ,
        guard.list_people,
        "List the people in a hold, or those who passed before the limit.",
        answer=Page[HeldPerson],
        query=HeldPeopleQuery,
    ),
    Route(
        "POST",
        "/guard/holds/{id}/approve",
        ADMIN,
        guard.approve,
        "Let the changes of the people in a hold through, for 7 days.",
        answer=HoldRow,
        body=HoldDecision,
        may_omit_body=True,
    ),
    Route(
        "POST",
        "/guard/holds/{id}/reject",
        ADMIN,
        guard.reject,
        "Refuse the changes of the people in a hold.",
        answer=HoldRow,
        body=HoldDecision,
        may_omit_body=True,
    ),
)
