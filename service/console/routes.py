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
from service.console.pages import (
    accounts,
    clients,
    new_tokens,
    organization,
    overview,
    signin,
    tokens,
)
from service.console.pages.audit.routes import AUDIT
from service.console.pages.directory.routes import DIRECTORY
from service.console.pages.operations.routes import OPERATIONS
from service.console.pages.privacy.routes import PRIVACY
from service.console.pages.provisioning.routes import PROVISIONING
from service.console.pages.setup.routes import SETUP

SIGN_IN: Final = (
    Page("GET", "/signin", EVERYBODY, signin.show),
    Page("GET", "/signin/link/{secret}", EVERYBODY, signin.by_link),
    Page("GET", "/signin/oidc", EVERYBODY, signin.to_provider),
    Page("GET", "/signin/oidc/callback", EVERYBODY, signin.from_provider),
    Page("POST", "/signout", EVERYBODY, signin.sign_out),
    Page("GET", "/language/{code}", EVERYBODY, signin.choose_language),
    Page("GET", "/zone", ANYBODY_SIGNED_IN, signin.show_zones),
    Page("POST", "/zone", ANYBODY_SIGNED_IN, signin.choose_zone),
)
OVERVIEW: Final = (Page("GET", "/", READERS, overview.show),)
TOKENS: Final = (
    Page("GET", "/tokens", ADMINISTRATORS, tokens.read_list),
    Page("GET", "/tokens/new", ADMINISTRATORS, new_tokens.show_new),
    Page("POST", "/tokens/new", ADMINISTRATORS, new_tokens.create),
    Page("POST", "/tokens/stored", ADMINISTRATORS, new_tokens.finish),
    Page("GET", "/tokens/{id}", ADMINISTRATORS, tokens.read),
    Page("GET", "/tokens/{id}/rotate", ADMINISTRATORS, new_tokens.show_rotate),
    Page("POST", "/tokens/{id}/rotate", ADMINISTRATORS, new_tokens.rotate),
    Page("GET", "/tokens/{id}/revoke", ADMINISTRATORS, tokens.show_revoke),
    Page("POST", "/tokens/{id}/revoke", ADMINISTRATORS, tokens.revoke),
    Page("GET", "/clients", ADMINISTRATORS, clients.read_list),
    Page("GET", "/clients/new", ADMINISTRATORS, clients.show_new),
    Page("POST", "/clients/new", ADMINISTRATORS, clients.create),
    Page("GET", "/clients/{id}", ADMINISTRATORS, clients.read),
    Page("GET", "/clients/{id}/revoke", ADMINISTRATORS, clients.show_revoke),
    Page("POST", "/clients/{id}/revoke", ADMINISTRATORS, clients.revoke),
    Page("POST", "/clients/{id}/secrets", ADMINISTRATORS, clients.add_secret),
    Page("POST", "/clients/{id}/secrets/{secret_id}/revoke", ADMINISTRATORS, clients.revoke_secret),
    Page("GET", "/accounts", ADMINISTRATORS, accounts.read_list),
    Page("POST", "/accounts", ADMINISTRATORS, accounts.create),
    Page("GET", "/sessions", ADMINISTRATORS, accounts.show_sessions),
    Page("POST", "/sessions/{id}/end", ADMINISTRATORS, accounts.end),
)
ORGANIZATION: Final = (
    Page("GET", "/organization", READERS, organization.to_settings),
    Page("GET", "/organization/settings", ADMINISTRATORS, organization.settings),
    Page("POST", "/organization/settings", ADMINISTRATORS, organization.change),
    Page("GET", "/organization/access", ADMINISTRATORS, organization.access),
    Page("POST", "/organization/access", ADMINISTRATORS, organization.add_auditor),
    Page("POST", "/organization/access/{id}/remove", ADMINISTRATORS, organization.remove_auditor),
    Page("GET", "/organization/schemas", ADMINISTRATORS, organization.schemas),
    Page("POST", "/organization/schemas", ADMINISTRATORS, organization.add_schema),
)

PAGES: Final = (
    *SIGN_IN,
    *OVERVIEW,
    *SETUP,
    *DIRECTORY,
    *PROVISIONING,
    *TOKENS,
    *AUDIT,
    *ORGANIZATION,
    *PRIVACY,
    *OPERATIONS,
)
REST: Final = Page("GET", "/{tail:.*}", ANYBODY_SIGNED_IN, nothing_here)  # After all others.
