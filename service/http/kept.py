"""What a request leaves beside the log once it is answered: it extends its token's cycle, and is kept if it was refused.

It costs a few microseconds, and nothing is written here.
"""

import time
from typing import Final
from uuid import UUID

from aiohttp import web

from service.callers.access_tokens import TokenRefused
from service.http.request_state import STATE, Origin, RequestState
from service.ids import as_id, new_id
from service.requests.findings import finding_of
from service.requests.kept import TEXT_MAX, KeptRequest, KeptRequests, Seen, Text

SUBJECT_MAX: Final = 200
READS: Final = frozenset({"GET", "HEAD"})
METHOD_MAX: Final = 20


def note_subject(request: web.Request, body: object, attribute: str) -> None:
    """Note the name that a body sends, in case that the request is refused."""
    if (name := sent_name(body, attribute)) is not None:
        request[STATE].subject = name


def sent_name(body: object, attribute: str) -> str | None:
    """Return the text that a body has for an attribute, cut to what is kept; None if it has none."""
    if not isinstance(body, dict):
        return None
    name = body.get(attribute)
    if name is None:  # Names of attributes compare without case.
        lower = attribute.lower()
        found = (
            value for key, value in body.items() if isinstance(key, str) and key.lower() == lower
        )
        name = next(found, None)
    return name[:SUBJECT_MAX] if isinstance(name, str) and name.strip() else None


def note_read(
    kept: KeptRequests, seen: Seen, request_id: UUID, *, route: str, duration_ms: float
) -> None:
    """Note a read that was answered, of an organization and a token."""
    kept.see(
        seen,
        request_id,
        "GET",
        route,
        began_s=time.time() - duration_ms / 1_000,
        duration_ms=duration_ms,
        is_read=True,
        unchanged=0,
        refused=0,
    )


def note_answered(
    request: web.Request,
    state: RequestState,
    route: str | None,
    status: int,
    *,
    duration_ms: float,
) -> None:
    """Note a request that was answered, if its token names an organization."""
    refusal, origin, service = state.refusal, state.origin, state.service
    if isinstance(refusal, TokenRefused):
        origin = Origin(refusal.organization_id, refusal.token_id)
    if service is None or origin is None or origin.organization_id is None:
        return
    method, unchanged = request.method[:METHOD_MAX], state.notes.get("unchanged", 0)
    began_s = time.time() - duration_ms / 1_000
    if origin.token_id is not None:
        service.kept.see(
            (origin.organization_id, origin.token_id),
            state.request_id,
            method,
            route,
            began_s=began_s,
            duration_ms=duration_ms,
            is_read=method in READS or (route is not None and route.endswith("/.search")),
            unchanged=unchanged,
            refused=state.operations_refused if refusal is None else 1,
        )
    if refusal is None and not unchanged:
        return
    finding = None if refusal is None else finding_of(refusal)
    service.kept.keep(
        KeptRequest(
            origin.organization_id,
            new_id(),
            began_s,
            origin.token_id,
            state.request_id,
            None,
            refusal is not None,
            method,
            route,
            status,
            refusal.scim_type if refusal else None,
            refusal.attribute if refusal else None,
            finding.code if finding else None,
            as_id(request.match_info.get("id", "")) if route else None,
            None
            if refusal is None or finding is None
            else Text(state.subject, refusal.detail[:TEXT_MAX], finding.parameters),
            duration_ms,
        )
    )
