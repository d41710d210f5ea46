"""The routes of the audit API, each with the scope that a token needs for it."""

from typing import Final

from service.api.models import ListQuery, Page
from service.api.route import Api, Route
from service.audit import erasures, events, past
from service.audit.erasure_messages import EraseRequest, ErasureReceipt, ErasureRow
from service.audit.messages import (
    AccessAnswer,
    AtQuery,
    EventRow,
    EventsQuery,
    HolderRow,
    MemberAtRow,
    PagePosition,
)
from service.callers.scopes import AUDIT_ERASE, AUDIT_READ

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
            "POST",
            "/erasures",
            AUDIT_ERASE,
            erasures.erase,
            "Erase a person for ever. Answers the receipt.",
            answer=ErasureReceipt,
            body=EraseRequest,
            status=201,
        ),
        Route(
            "GET",
            "/erasures",
            AUDIT_ERASE,
            erasures.erasures,
            "List who was erased, the last one first.",
            answer=Page[ErasureRow],
            query=ListQuery,
        ),
    ),
)
