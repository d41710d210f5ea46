"""A browser without a screen: it keeps cookies, reads pages, fills in their forms and sends them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit
from uuid import UUID

import aiohttp
from multidict import CIMultiDictProxy

from service.console.framework.answers import CONTENT_SECURITY_POLICY
from service.console.sessions.links import make_link
from tests.serving import Served

VOID = frozenset(
    {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
)
SHAPES = frozenset({"circle", "line", "path", "rect", "polyline", "polygon", "use"})
ACTOR = "cli:1000(tests)"


@dataclass(slots=True)
class SentForm:
    """A form of a page, with the values that it has as the page shows it."""

    method: str
    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)

    def filled(self, values: dict[str, str | Sequence[str]]) -> list[tuple[str, str]]:
        """Return what is sent once some fields are filled in."""
        kept = [each for each in self.fields if each[0] not in values]
        for name, value in values.items():
            kept += [(name, each) for each in ([value] if isinstance(value, str) else value)]
        return kept


class Reader(HTMLParser):
    """Reads a page: its forms, links and words; and refuses markup that is not well formed or holds code."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[SentForm] = []
        self.links: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.ids: list[str] = []
        self.title = ""
        self.lang = ""
        self._open: list[str] = []
        self._select: str | None = None
        self._textarea: tuple[str, list[str]] | None = None
        self._options: list[tuple[str, bool]] = []
        self._link: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element; refuse code in it."""
        given = {name: value or "" for name, value in attrs}
        refuse_code(tag, given)
        if "id" in given:
            self.ids.append(given["id"])
        if tag not in VOID and tag not in SHAPES:
            self._open.append(tag)
        self._note(tag, given)

    def _note(self, tag: str, given: dict[str, str]) -> None:
        match tag:
            case "html":
                self.lang = given["lang"]
            case "form":
                self.forms.append(SentForm(given.get("method", "get"), given.get("action", "")))
            case "input" if given.get("name") and self.forms:
                is_box = given.get("type") in {"checkbox", "radio"}
                if not is_box or "checked" in given:
                    self.forms[-1].fields.append(
                        (given["name"], given.get("value", "on" if is_box else ""))
                    )
            case "select":
                self._select, self._options = given.get("name"), []
            case "option":
                self._options.append((given.get("value", ""), "selected" in given))
            case "textarea" if given.get("name"):
                self._textarea = (given["name"], [])
            case "a" if "href" in given:
                self._link = (given["href"], [])
            case _:
                pass

    def handle_endtag(self, tag: str) -> None:
        """Close an element, which must be the one that is open."""
        if tag in VOID or tag in SHAPES:
            return
        assert self._open, tag
        assert self._open[-1] == tag, (tag, self._open)
        self._open.pop()
        if tag == "select" and self._select and self.forms and self._options:
            chosen = next(
                (value for value, is_chosen in self._options if is_chosen), self._options[0][0]
            )
            self.forms[-1].fields.append((self._select, chosen))
        if tag == "textarea" and self._textarea and self.forms:
            self.forms[-1].fields.append((self._textarea[0], "".join(self._textarea[1])))
            self._textarea = None
        if tag == "a" and self._link:
            self.links.append((self._link[0], " ".join("".join(self._link[1]).split())))
            self._link = None

    def handle_data(self, data: str) -> None:
        """Note words."""
        if self._textarea is not None:
            self._textarea[1].append(data)
        if self._link is not None:
            self._link[1].append(data)
        if self._open[-1:] == ["title"] and "svg" not in self._open:
            self.title += data
        self.words.append(data)


def refuse_code(tag: str, given: dict[str, str]) -> None:
    """Assert that an element holds no code and no style."""
    assert tag not in {"style", "iframe", "object", "embed", "base"}, tag
    for name, value in given.items():
        assert not name.startswith("on"), (tag, name)
        assert name not in {"style", "srcdoc"}, (tag, name)
        assert not value.strip().lower().startswith("javascript:"), (tag, name)
    if tag == "script":
        assert given.get("src"), "No script is inline."


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer of the console."""

    status: int
    headers: "CIMultiDictProxy[str]"
    html: str
    url: str
    page: Reader

    @property
    def text(self) -> str:
        """Return the words of the page, with single blanks."""
        return " ".join("".join(self.page.words).split())

    @property
    def location(self) -> str:
        """Return where the answer redirects to."""
        return self.headers["Location"]

    def form(self, action: str) -> SentForm:
        """Return the form whose action ends in a path."""
        found = [each for each in self.page.forms if urlsplit(each.action).path.endswith(action)]
        assert found, (action, [each.action for each in self.page.forms])
        return found[0]

    def link(self, words: str) -> str:
        """Return where the link with some words leads."""
        found = [href for href, shown in self.page.links if words in shown]
        assert found, (words, self.page.links)
        return found[0]


class Browser:
    """Somebody at a browser."""

    def __init__(self, served: Served, *, language: str = "en") -> None:
        self.served = served
        self.origin = f"http://127.0.0.1:{served.port}"
        self.cookies: dict[str, str] = {}
        self.language = language

    async def sign_in(self, organization_id: UUID | None, *roles: str) -> Shown:
        """Sign in by a one-time link, as an administrator unless roles are named."""
        path = await make_link(
            self.served.runtime.pool, organization_id, roles or ("administrator",), ACTOR
        )
        shown = await self.get(path)
        assert shown.status == 303, shown.text
        return shown

    async def get(self, path: str, **headers: str) -> Shown:
        """Open an address, by its path with or without /console."""
        return await self.send("GET", path, None, **headers)

    async def follow(self, shown: Shown) -> Shown:
        """Go where an answer redirects to."""
        assert shown.status in {303, 308}, (shown.status, shown.text)
        return await self.get(shown.location)

    async def post(self, shown: Shown, action: str, **values: str | Sequence[str]) -> Shown:
        """Fill in a form of a page and send it."""
        form = shown.form(action)
        target = urlsplit(urljoin(shown.url, form.action))
        path = target.path + (f"?{target.query}" if target.query else "")
        return await self.send("POST", path, form.filled(values), Origin=self.origin)

    async def send(
        self,
        method: str,
        path: str,
        fields: list[tuple[str, str]] | None = None,
        **headers: str,
    ) -> Shown:
        """Send a request; check what every page must have."""
        path = path if path.startswith("/console") else f"/console{path}"
        sent = {"Accept-Language": self.language, "User-Agent": "tests"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        data = None
        if fields is not None:
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
            data = urlencode(fields).encode()
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(
                method, self.origin + path, data=data, headers=sent, allow_redirects=False
            ) as response,
        ):
            html = (await response.read()).decode()
            for each in response.headers.getall("Set-Cookie", []):
                self._keep(each)
            shown = Shown(response.status, response.headers, html, self.origin + path, Reader())
        if response.headers.get("Content-Type", "").startswith("text/html"):
            assert response.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
            shown.page.feed(html)
            assert len(set(shown.page.ids)) == len(shown.page.ids), shown.page.ids
        return shown

    def _keep(self, header: str) -> None:
        pair, *attributes = header.split("; ")
        name, _, value = pair.partition("=")
        assert "SameSite=Lax" in attributes, header
        if "Max-Age=0" in attributes:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value
