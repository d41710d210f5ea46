"""Refusals in the reader's language: what was found, what to change and where, whom it concerns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from markupsafe import Markup

from service.console.framework.call import ConsoleCall
from service.console.pages.provisioning.findings import CHANGES, FOUND
from service.console.texts.texts import bdi
from service.replay.cycles import CycleInDetail, DescribedRequest, list_requests
from service.requests.findings import REASONS
from service.requests.read import Reason, RequestFilter

SHOWN_MAX: Final = 10  # People that a reason names on the page of its cycle.
REASONS_MAX: Final = 12  # Reasons that name people.
# Where a remedy that is ours is done.
PAGES: Final = {"decideHold": "/guard", "issueWiderToken": "/tokens/new", "allowAddress": "/tokens"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused request as a page shows it. What may not be seen is None."""

    request: DescribedRequest
    found: Markup
    change: Markup
    is_here: bool  # The remedy is in this console; else at the identity provider.
    name: str | None
    detail: str | None
    value: str | None  # What was sent, if the detail names it.

    @property
    def href(self) -> str | None:
        """Return the path of the page of whom it is about."""
        subject = self.request.request.resource_id
        return f"/people/{subject}" if subject and self.request.is_from_log else None


@dataclass(frozen=True, slots=True)
class ExplainedReason:
    """Why requests of a cycle were refused, in words, with the first of them."""

    reason: Reason
    found: Markup
    change: Markup
    is_here: bool
    page: str | None
    refusals: Sequence[Refusal]

    @property
    def is_held(self) -> bool:
        """Return whether the guard holds these requests."""
        return self.reason.finding == "heldByGuard"


def found_word(call: ConsoleCall, finding: str, attribute: str | None) -> Markup:
    """Return what a finding says was found."""
    return _named(call, call.t(*FOUND.get(finding, FOUND["refused"])), attribute)


def change_word(call: ConsoleCall, finding: str, attribute: str | None) -> Markup:
    """Return what a finding says to change."""
    remedy = REASONS.get(finding, REASONS["refused"]).remedy
    return _named(call, call.t(*CHANGES[remedy]), attribute)


def _named(call: ConsoleCall, text: Markup, attribute: str | None) -> Markup:
    named = bdi(attribute) if attribute else call.t("finding.an_attribute", "an attribute")
    said = text.replace("{attribute}", named)
    return Markup(said[:1].upper() + said[1:])  # noqa: S704 - escaped parts.


def explained(call: ConsoleCall, each: DescribedRequest) -> Refusal:
    """Return a refused request as a page shows it. Auditors do not see what was sealed."""
    request = each.request
    finding, may_see = request.finding or "refused", call.has("administrator")
    text = request.text if may_see else None
    return Refusal(
        each,
        found_word(call, finding, request.attribute),
        change_word(call, finding, request.attribute),
        REASONS.get(finding, REASONS["refused"]).where == "here",
        each.subject if may_see or each.is_from_log else None,
        text.detail if text else None,
        dict(text.parameters).get("value") if text else None,
    )


async def explained_reasons(call: ConsoleCall, cycle: CycleInDetail) -> list[ExplainedReason]:
    """Return why requests of a cycle were refused, most frequent first."""
    shown: dict[str, Sequence[DescribedRequest]] = {}
    for finding in list(dict.fromkeys(each.finding for each in cycle.reasons))[:REASONS_MAX]:
        wanted = RequestFilter(cycle_id=cycle.cycle.cycle.id, finding=finding)
        found = await list_requests(call.runtime, call.organization, wanted, limit=SHOWN_MAX * 5)
        shown[finding] = found.items
    return [
        ExplainedReason(
            each,
            found_word(call, each.finding, each.attribute),
            change_word(call, each.finding, each.attribute),
            REASONS[each.finding].where == "here",
            _page(call, each.finding, shown.get(each.finding, ())),
            [
                explained(call, request)
                for request in shown.get(each.finding, ())
                if request.request.attribute == each.attribute
            ][:SHOWN_MAX],
        )
        for each in cycle.reasons
    ]


def _page(call: ConsoleCall, finding: str, requests: Iterable[DescribedRequest]) -> str | None:
    """Return the page of this console where the remedy is done."""
    if finding == "heldByGuard":
        for each in requests:
            hold = each.request.text.parameters.get("hold") if each.request.text else None
            if hold:
                return f"/guard/{UUID(hold)}"
    page = PAGES.get(REASONS[finding].remedy)
    return (
        page
        if page in call.parts.served and (call.has("administrator") or page == "/guard")
        else None
    )
