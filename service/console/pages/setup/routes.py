"""The pages of the set-up."""

from typing import Final

from service.console.framework.page import ADMINISTRATORS, Page
from service.console.pages.setup import choices, listening, steps

SETUP: Final = (
    Page("GET", "/setup", ADMINISTRATORS, steps.begin),
    Page("GET", "/setup/stream", ADMINISTRATORS, listening.stream, is_stream=True),
    Page("GET", "/setup/account", ADMINISTRATORS, choices.show_account),
    Page("POST", "/setup/account", ADMINISTRATORS, choices.choose_account),
    Page("GET", "/setup/credential", ADMINISTRATORS, choices.show_credential),
    Page("POST", "/setup/credential", ADMINISTRATORS, choices.choose_credential),
    Page("GET", "/setup/url", ADMINISTRATORS, choices.show_url),
    Page("POST", "/setup/url", ADMINISTRATORS, choices.confirm_url),
    Page("GET", "/setup/mapping", ADMINISTRATORS, choices.show_mapping),
    Page("POST", "/setup/mapping", ADMINISTRATORS, choices.choose_mapping),
    Page("GET", "/setup/request", ADMINISTRATORS, listening.show_request),
    Page("POST", "/setup/request", ADMINISTRATORS, listening.again_request),
    Page("GET", "/setup/test-user", ADMINISTRATORS, listening.show_test_user),
    Page("POST", "/setup/test-user", ADMINISTRATORS, listening.again_test_user),
    Page("GET", "/setup/cycle", ADMINISTRATORS, listening.show_cycle),
    Page("POST", "/setup/cycle", ADMINISTRATORS, listening.again_cycle),
)
