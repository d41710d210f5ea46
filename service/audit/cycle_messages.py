"""The messages about provisioning cycles and refusals."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from service.api.models import ListQuery, Message
from service.audit.messages import PeriodQuery, TokenName


class CyclesQuery(ListQuery, PeriodQuery):
    """Which cycles are wanted, by when they began."""

    token: UUID | None = Field(None, description="A token or an OAuth client, by its id.")


class RefusalsQuery(ListQuery, PeriodQuery):
    """Which requests are wanted. What is given must all be true of a request."""

    token: UUID | None = Field(None, description="A token or an OAuth client, by its id.")
    cycle: UUID | None = Field(None, description="A provisioning cycle, by its id.")
    finding: str | None = Field(None, max_length=60, description="The code of what was found.")
    kind: Literal["refused", "unchanged", "all"] = Field(
        "refused", description="unchanged: requests that succeeded and changed nothing."
    )


class CycleCounts(Message):
    """What a cycle did."""

    created: int = Field(description="Users and groups.")
    changed: int = Field(description="Changes to attributes.")
    deactivated: int
    reactivated: int
    deleted: int
    roles: int = Field(description="Roles that were assigned to existing users.")
    members_added: int
    members_removed: int
    unchanged: int = Field(description="Operations that changed nothing.")
    refused: int
    requests: int
    reads: int = Field(description="Requests that only read.")


class SlowestRequest(Message):
    """The request of a cycle that took longest."""

    request_id: UUID
    method: str
    route: str | None
    duration_ms: float


class CycleRow(Message):
    """Requests of one token or client with no gap above ten minutes."""

    id: UUID
    state: Literal["running", "over"] = Field(
        description="running: a further request of the token would belong to it."
    )
    token: TokenName
    started_at: datetime
    last_at: datetime = Field(description="When its last request was answered.")
    duration_s: float
    counts: CycleCounts
    slowest: SlowestRequest


class RemedyRow(Message):
    """What to change so that a request succeeds."""

    code: str
    sentence: str
    where: Literal["identityProvider", "here"]


class ReasonRow(Message):
    """Why requests of a cycle were refused."""

    finding: str
    attribute: str | None
    sentence: str = Field(description="What was found.")
    remedy: RemedyRow
    requests: int = Field(description="Of this cycle.")
    since: datetime | None = Field(
        description="When it was found first, as far as requests are kept."
    )
    cycles: int = Field(description="In how many cycles it was found.")


class CycleAnswer(CycleRow):
    """A cycle, why its requests were refused, and the cycle of the same token before it."""

    refusals: list[ReasonRow]
    before: CycleRow | None
    difference: CycleCounts | None = Field(
        description="By how much each count is larger than in the cycle before."
    )
    position: int


class RefusedSubject(Message):
    """Whom or what a request was about."""

    id: UUID | None
    name: str | None


class RefusalRow(Message):
    """A request, or an operation of a Bulk, that was refused or changed nothing."""

    id: UUID
    at: datetime
    request_id: UUID
    operation: int | None = Field(description="The place in a Bulk, from 0.")
    token: TokenName | None = Field(description="null: the organization has no such token.")
    cycle: UUID | None
    method: str
    route: str | None
    status: int
    duration_ms: float | None
    scim_type: str | None
    attribute: str | None
    finding: str | None = Field(description="null: the request changed nothing.")
    sentence: str | None = Field(description="What was found.")
    remedy: RemedyRow | None
    parameters: dict[str, str]
    subject: RefusedSubject
    detail: str | None = Field(description="The detail of the answer.")
    is_withheld: bool = Field(
        description="Detail, values and a sent name are withheld: the token lacks admin:read."
    )
    is_erased: bool = Field(description="They are gone: the person was erased.")
    since: datetime | None = Field(description="When the same was found first.")
    requests: int = Field(description="How many kept requests it was found in.")
    cycles: int = Field(description="In how many cycles it was found.")
