"""The table of the pages about provisioning."""

from typing import Final

from service.console.framework.page import ADMINISTRATORS, READERS, Page
from service.console.pages.provisioning import activity, cycles, guard

PROVISIONING: Final = (
    Page("GET", "/cycles", READERS, cycles.read_list),
    Page("GET", "/cycles/{id}", READERS, cycles.read_one),
    Page("GET", "/cycles/{id}/refusals", READERS, cycles.read_refusals),
    Page("GET", "/cycles/{id}/compare", READERS, cycles.compare),
    Page("GET", "/activity", ADMINISTRATORS, activity.show),
    Page("GET", "/activity/stream", ADMINISTRATORS, activity.stream, is_stream=True),
    Page("GET", "/guard", READERS, guard.read_list),
    Page("GET", "/guard/{id}", READERS, guard.read_one),
    Page("POST", "/guard/{id}/approve", ADMINISTRATORS, guard.approve),
    Page("POST", "/guard/{id}/reject", ADMINISTRATORS, guard.reject),
    Page("GET", "/guard/{id}/reactivate", ADMINISTRATORS, guard.ask_to_reactivate),
    Page("POST", "/guard/{id}/reactivate", ADMINISTRATORS, guard.reactivate),
)
