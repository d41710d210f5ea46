"""The cookies of the console. Only that of the session gives rights, and no script can read it."""

from collections.abc import Mapping
from dataclasses import dataclass

SESSION = "scim_ledger_session"
RETURN = "scim_ledger_return"  # Where to go after the sign-in.
YEAR_S = 31_536_000


@dataclass(frozen=True, slots=True)
class Cookies:
    """Writes cookies for the addresses below a path: over https, only https gets them back."""

    path: str  # Ends in a slash.
    is_secure: bool

    def name(self, name: str) -> str:
        """Return the name of a cookie. Over https, no page over http can overwrite it."""
        return f"__Secure-{name}" if self.is_secure else name

    def read(self, cookies: Mapping[str, str], name: str) -> str:
        """Return the value of a cookie; empty if it was not sent."""
        return cookies.get(self.name(name), "")

    def secret(self, name: str, value: str, *, age_s: int | None = None) -> str:
        """Return the header that sets a cookie that no script can read. Without an age, the browser's end ends it.

        It is Lax, not Strict: a person who comes back from the identity provider, or follows a link in a
        mail, comes from another site. Forms of other sites do not get it.
        """
        age = "" if age_s is None else f"; Max-Age={age_s}"
        return f"{self.name(name)}={value}; Path={self.path}{age}; HttpOnly; SameSite=Lax{self._secure}"

    def choice(self, name: str, value: str) -> str:
        """Return the header that sets a cookie with a choice of the reader, for a year."""
        return f"{name}={value}; Path={self.path}; Max-Age={YEAR_S}; SameSite=Lax{self._secure}"

    def forget(self, name: str) -> str:
        """Return the header that removes a cookie."""
        return self.secret(name, "", age_s=0)

    @property
    def _secure(self) -> str:
        return "; Secure" if self.is_secure else ""
