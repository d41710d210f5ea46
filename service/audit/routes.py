"""The routes of the audit API, each with the scope that a token needs for it."""

from typing import Final

from service.api.route import Api, Route
from service.audit import as_of, events, past
from service.audit.messages import (
    AccessAnswer,
    AtQuery,
    DiffPage,
    DiffQuery,
    EventRow,
    EventsQuery,
    GroupAt,
    HolderRow,
    InstantQuery,
    MemberAtRow,
    PagePosition,
    PeopleAtQuery,
    PersonAt,
    PersonAtRow,
)
from service.callers.scopes import AUDIT_READ

AUDIT_API: Final = Api(
    prefix="/api/audit/v1",
    title="Audit",
    routes=(
        Route(
            "GET",
            "/events",
            AUDIT_READ,
            events.list_events,
            "Search the log.",
            answer=PagePosition[EventRow],
            query=EventsQuery,
        ),
        Route(
            "GET",
            "/users/{id}/timeline",
            AUDIT_READ,
            events.timeline_of_person,
            "Read what happened to a person, also after its deletion.",
            answer=PagePosition[EventRow],
            query=EventsQuery,
        ),
        Route(
            "GET",
            "/users/{id}/access",
            AUDIT_READ,
            past.access,
            "Read when and why a person got and lost access.",
            answer=AccessAnswer,
        ),
        Route(
            "GET",
            "/groups/{id}/timeline",
            AUDIT_READ,
            events.timeline_of_one_group,
            "Read what happened to a group, also after its deletion.",
            answer=PagePosition[EventRow],
            query=EventsQuery,
        ),
        Route(
            "GET",
            "/groups/{id}/members",
            AUDIT_READ,
            past.members,
            "Read who was in a group.",
            answer=PagePosition[MemberAtRow],
            query=AtQuery,
        ),
        Route(
            "GET",
            "/roles/{role}/holders",
            AUDIT_READ,
            past.holders,
            "Read who held a role.",
            answer=PagePosition[HolderRow],
            query=AtQuery,
        ),
        Route(
            "GET",
            "/users",
            AUDIT_READ,
            as_of.people,
            "List the people of an instant.",
            answer=PagePosition[PersonAtRow],
            query=PeopleAtQuery,
        ),
        Route(
            "GET",
            "/users/{id}",
            AUDIT_READ,
            as_of.person,
            "Read a person as it was, and where each value came from.",
            answer=PersonAt,
            query=InstantQuery,
        ),
        Route(
            "GET",
            "/groups/{id}",
            AUDIT_READ,
            as_of.group,
            "Read a group as it was, and where each value came from.",
            answer=GroupAt,
            query=InstantQuery,
        ),
        Route(
            "GET",
            "/diff",
            AUDIT_READ,
            as_of.diff,
            "Compare two instants: which people and groups differ, and why.",
            answer=DiffPage,
            query=DiffQuery,
        ),
    ),
)
