"""A request as the handler of a page sees it: who asks, in which language and zone, and how it is answered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from aiohttp import web
from markupsafe import Markup

from eventstore.events import Provenance
from schema.events.organization import Organization
from service.console.framework.answers import file_answer, html_answer, redirect
from service.console.framework.csv_files import write_csv
from service.console.framework.forms import Form, read_form
from service.console.framework.links import Links
from service.console.framework.navigation import current, sections_for
from service.console.framework.parts import ConsoleParts
from service.console.framework.proof_state import ProofState, find_proof_state
from service.console.framework.static import named
from service.console.framework.templates import render
from service.console.sessions.caller import ConsoleCaller
from service.console.sessions.same_site import FIELD, form_token
from service.console.sessions.store import use_form_key
from service.console.texts.refusals import said
from service.console.texts.texts import LANGUAGES, Texts
from service.console.texts.times import Times
from service.http.answer import Answer
from service.http.health import PROOF
from service.http.parts import Service
from service.ids import as_id, new_id
from service.runtime import Runtime

HTMX: Final = "HX-Request"
NO_STORE: Final = {"Cache-Control": "no-store"}


@dataclass(slots=True)
class ConsoleCall:
    """A request of the console."""

    parts: ConsoleParts
    request: web.Request
    request_id: UUID
    texts: Texts
    times: Times
    secret: str = ""  # Of the session's cookie; empty without a session.
    signed_in: ConsoleCaller | None = None
    form: Form = field(default_factory=Form)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def caller(self) -> ConsoleCaller:
        """Return who is signed in. Pages for everybody ask `signed_in`."""
        assert self.signed_in is not None, "The page is for people who are signed in."
        return self.signed_in

    @property
    def organization(self) -> Organization:
        """Return the organization of whoever is signed in: all that the page may show."""
        assert self.caller.organization is not None, "The page is for roles in an organization."
        return self.caller.organization

    @property
    def runtime(self) -> Runtime:
        """Return the open parts that use cases work with. Its pool is the console's own."""
        return self.parts.runtime

    @property
    def service(self) -> Service:
        """Return the parts of the service. Its pool is for SCIM: read through `runtime`."""
        return self.parts.service

    @property
    def links(self) -> Links:
        """Return what makes URLs."""
        return self.parts.links

    @property
    def provenance(self) -> Provenance:
        """Return who acts, as the events of this request record it."""
        return self.caller.provenance(self.request_id)

    @property
    def path(self) -> str:
        """Return the path of the page below /console."""
        return self.request.path.removeprefix("/console") or "/"

    @property
    def query(self) -> Mapping[str, str]:
        """Return the parameters of the address. Of one that is given twice, the first counts."""
        found: dict[str, str] = {}
        for name, value in self.request.query.items():
            found.setdefault(name, value.strip().replace("\0", ""))
        return found

    @property
    def is_partial(self) -> bool:
        """Return whether htmx asks for a part of the page."""
        return HTMX in self.request.headers and "HX-Boosted" not in self.request.headers

    def has(self, *roles: str) -> bool:
        """Return whether whoever is signed in has one of some roles."""
        return self.signed_in is not None and bool(self.signed_in.roles & set(roles))

    def t(self, key: str, english: str, /, **values: Any) -> Markup:
        """Return a text in the reader's language. Values are escaped."""
        return self.texts.t(key, english, **values)

    def tn(self, key: str, one: str, many: str, /, *, n: int, **values: Any) -> Markup:
        """Return the text for a number in the reader's language."""
        return self.texts.tn(key, one, many, n=n, **values)

    def said(self, refused: Exception | str) -> str:
        """Return what a use case says, a refusal or a sentence, in the reader's language."""
        return said(self.texts, refused if isinstance(refused, str) else str(refused))

    async def read_form(self) -> Form:
        """Return the form of this request, of which a template shows `form`."""
        self.form = await read_form(self.request)
        return self.form

    async def show(
        self,
        template: str,
        *,
        status: int = 200,
        block: str | None = None,
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> Answer:
        """Return a rendered page. For htmx, only `block` is rendered, if the page names one."""
        part = block if self.is_partial else None
        given = await self._values(is_whole=part is None) | values
        return html_answer(render(template, given, block=part), status=status, headers=headers)

    async def use_form_once(self) -> bool:
        """Use the one-time key of the form up, which `form_key` in a template holds; return whether it was unused."""
        key = as_id(self.form.value("key"))
        session_id = self.caller.session.id
        return key is not None and await use_form_key(self.runtime.pool, session_id, key)

    def go(self, path: str, **query: Any) -> Answer:
        """Return the redirect that follows a change (303)."""
        return redirect(self.links.to(path, **query))

    def csv(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Answer:
        """Return a list as a file."""
        content = write_csv(columns, rows)
        return file_answer(content, name=f"{name}.csv", media_type="text/csv; charset=utf-8")

    async def _values(self, *, is_whole: bool) -> dict[str, Any]:
        return {
            "call": self,
            "t": self.t,
            "tn": self.tn,
            "said": self.said,
            "number": self.texts.number,
            "times": self.times,
            "now": self.now,
            "link": self.links.to,
            "links": self.links,
            "query": self.query,
            "form": self.form,
            "csrf": Markup('<input type="hidden" name="{}" value="{}">').format(
                FIELD, form_token(self.secret)
            )
            if self.secret
            else "",
            "form_key": Markup('<input type="hidden" name="key" value="{}">').format(new_id()),
            "language": self.texts.language,
            "languages": LANGUAGES,
            "is_utc": self.times.is_utc,
            "static": lambda name: self.links.static(named(name)),
            "me": self.signed_in,
            "organization": self.signed_in.organization if self.signed_in else None,
            "can_change": self.has("administrator"),
            "sections": list(sections_for(self.signed_in.roles, self.parts.served))
            if self.signed_in
            else [],
            "current": current(self.path),
            "counts": await self._counts() if is_whole else {},
            "proof": await self._proof() if is_whole else None,
        }

    async def _counts(self) -> Mapping[str, int]:
        """Return the numbers that stand in the navigation, where somebody must decide."""
        counting = self.parts.extras.get("counts")
        if counting is None or self.signed_in is None or self.signed_in.organization is None:
            return {}
        found: Mapping[str, int] = await counting(self)
        return found

    async def _proof(self) -> ProofState | None:
        """Return the state of the proof, for the foot of the page."""
        if self.signed_in is None or self.signed_in.organization is None:
            return None
        pool = self.runtime.pool
        return await find_proof_state(pool, self.organization.id, self.request.app[PROOF])
