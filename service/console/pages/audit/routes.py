"""The table of the pages of the audit."""

from typing import Final

from service.console.framework.page import READERS, Page
from service.console.pages.audit import compare, exports, on_a_day, proof, reports, search

AUDIT: Final = (
    Page("GET", "/audit", READERS, search.show),
    Page("GET", "/audit/day", READERS, on_a_day.show),
    Page("GET", "/audit/compare", READERS, compare.show),
    Page("GET", "/audit/reports", READERS, reports.read_list),
    Page("GET", "/audit/reports/{name}", READERS, reports.read_one),
    Page("GET", "/audit/exports", READERS, exports.show),
    Page("POST", "/audit/exports/events", READERS, exports.events, is_stream=True),
    Page("POST", "/audit/exports/access", READERS, exports.access, is_stream=True),
    Page("POST", "/audit/exports/evidence", READERS, exports.evidence, is_stream=True),
    Page("GET", "/audit/proof", READERS, proof.show),
)
