"""The table of pages, each with the roles that may open it."""

from typing import Final

from service.console.framework.page import (
    ADMINISTRATORS,
    ANYBODY_SIGNED_IN,
    EVERYBODY,
    READERS,
    Page,
)
from service.console.framework.serve import nothing_here
from service.console.pages import overview, signin, tokens

SIGN_IN: Final = (
    Page("GET", "/signin", EVERYBODY, signin.show),
    Page("GET", "/signin/link/{secret}", EVERYBODY, signin.by_link),
    Page("POST", "/signout", EVERYBODY, signin.sign_out),
    Page("GET", "/language/{code}", EVERYBODY, signin.choose_language),
    Page("GET", "/zone", ANYBODY_SIGNED_IN, signin.show_zones),
    Page("POST", "/zone", ANYBODY_SIGNED_IN, signin.choose_zone),
)
OVERVIEW: Final = (Page("GET", "/", READERS, overview.show),)
TOKENS: Final = (Page("GET", "/tokens", ADMINISTRATORS, tokens.read_list),)

PAGES: Final = (*SIGN_IN, *OVERVIEW, *TOKENS)
REST: Final = Page("GET", "/{tail:.*}", ANYBODY_SIGNED_IN, nothing_here)  # After all others.
