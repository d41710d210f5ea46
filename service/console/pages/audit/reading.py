"""What all pages of the audit share: their tabs, and values in words."""

from typing import Any, Final
from uuid import UUID

from schema.events.origins import ROLE
from service.console.events.words import value_word
from service.console.framework.call import ConsoleCall
from service.console.texts.texts import Phrase

TABS: Final = (
    ("/audit", Phrase("audit.search_tab", "Search events")),
    ("/audit/day", Phrase("audit.day_tab", "On a day")),
    ("/audit/compare", Phrase("audit.compare_tab", "Compare two days")),
    ("/audit/reports", Phrase("audit.reports_tab", "Reports")),
    ("/audit/exports", Phrase("audit.exports_tab", "Exports and evidence")),
    ("/audit/proof", Phrase("audit.proof_tab", "Proof")),
)


def tabs(call: ConsoleCall, current: str) -> list[tuple[str, str, None, bool]]:
    """Return the tabs of the audit, as ui.tabs takes them."""
    return [(call.links.to(path), call.t(*word), None, path == current) for path, word in TABS]


def value_of(call: ConsoleCall, attribute: str, value: Any) -> str:
    """Return a value of an attribute as a page shows it, and a role by its name."""
    if attribute == ROLE and value:
        value = call.organization.role_name(UUID(str(value))) or value
    return value_word(call.texts, value, attribute)
