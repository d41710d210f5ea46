"""Every URL that a page holds is made here, so that the console works below any path prefix."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from service.console.framework.page import PREFIX

SAFE = "/:@!$&'()*+,;=-._~"  # In a path; RFC 3986 §3.3.


@dataclass(frozen=True, slots=True)
class Links:
    """Makes URLs. `prefix` is the path of SCIM_LEDGER_PUBLIC_URL, which a proxy takes off: empty or like /provisioning."""

    prefix: str = ""

    @classmethod
    def of(cls, public_url: str | None) -> "Links":
        """Return what makes the URLs of a service with a public URL."""
        return cls(urlsplit(public_url or "").path.rstrip("/"))

    @property
    def home(self) -> str:
        """Return the path of the console's first page, which all its addresses begin with."""
        return f"{self.prefix}{PREFIX}/"

    def to(self, path: str, /, **query: Any) -> str:
        """Return the URL of a page by its path below /console. Parameters that are None or empty are left out."""
        given = {name: value for name, value in query.items() if value not in (None, "", ())}
        asked = f"?{urlencode(given, doseq=True)}" if given else ""
        return f"{self.prefix}{PREFIX}{quote(path, safe=SAFE)}{asked}"

    def static(self, name: str) -> str:
        """Return the URL of a static file by its name with the digest."""
        return f"{self.prefix}{PREFIX}/static/{name}"

    def again(self, path: str, query: Mapping[str, str], /, **changed: Any) -> str:
        """Return the URL of a page with the parameters that it has now, and some changed. None removes one."""
        return self.to(path, **{**query, **changed})

    def local(self, address: str) -> str | None:
        """Return an address if it is one of the console's own; None for any other, which nobody is sent to."""
        is_ours = address.startswith(self.home) and "\\" not in address and address.isprintable()
        return address if is_ours and not urlsplit(address).netloc else None
