"""The table of the operator's pages."""

from typing import Final

from service.console.framework.page import OPERATORS, Page
from service.console.pages.operations import health, parked, status

OPERATIONS: Final = (
    Page("GET", "/operations", OPERATORS, status.show),
    Page("GET", "/operations/stream", OPERATORS, status.stream, is_stream=True),
    Page("POST", "/operations/verify", OPERATORS, status.verify_all),
    Page("GET", "/operations/health", OPERATORS, health.show),
    Page("GET", "/operations/parked", OPERATORS, parked.show),
    Page("POST", "/operations/parked/{projection}/{organization_id}", OPERATORS, parked.retry),
    Page("GET", "/operations/{projection}", OPERATORS, status.read_one),
    Page("POST", "/operations/{projection}/cancel", OPERATORS, status.cancel),
    Page("GET", "/operations/{projection}/{kind}", OPERATORS, status.ask),
    Page("POST", "/operations/{projection}/{kind}", OPERATORS, status.start),
)
