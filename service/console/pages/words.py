"""What each scope permits, in words: for the pages of tokens and clients."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from service.callers.scopes import (
    ADMIN,
    ADMIN_READ,
    AUDIT_ERASE,
    AUDIT_EXPORT,
    AUDIT_READ,
    FEED_READ,
    OPERATE,
    SCIM,
    SCIM_READ,
)
from service.console.texts.texts import Phrase

SCOPES: Final[Mapping[str, Phrase]] = MappingProxyType(
    {
        SCIM: Phrase("scope.scim", "Read and write users and groups"),
        SCIM_READ: Phrase("scope.scim_read", "Read users and groups"),
        ADMIN: Phrase("scope.admin", "Everything that the admin API offers"),
        ADMIN_READ: Phrase("scope.admin_read", "Read what the admin API offers"),
        AUDIT_READ: Phrase("scope.audit_read", "Search the log, read the past, check the proof"),
        AUDIT_EXPORT: Phrase("scope.audit_export", "Export the log, reports and evidence"),
        AUDIT_ERASE: Phrase("scope.audit_erase", "Erase a person"),
        FEED_READ: Phrase("scope.feed_read", "Follow new events"),
        OPERATE: Phrase("scope.operate", "Operate the service"),
    }
)
