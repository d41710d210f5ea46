"""What surrounds the handler of each page: session, roles, the checks of forms; a refusal becomes a page."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from aiohttp import web

from schema.scim.errors import Forbidden, NotFound, ScimError, Unavailable
from service.console.framework.answers import html_answer, redirect
from service.console.framework.call import HTMX, ConsoleCall
from service.console.framework.page import EVERYBODY, Page
from service.console.framework.parts import CONSOLE
from service.console.framework.templates import render
from service.console.sessions.caller import find_caller
from service.console.sessions.cookies import RETURN, SESSION
from service.console.sessions.same_site import (
    FIELD,
    HEADER,
    refuse_foreign_form,
    refuse_other_site,
)
from service.console.sessions.store import FRESH, find_session
from service.console.texts.choice import choose_language, choose_zone
from service.console.texts.texts import Texts
from service.console.texts.times import Times
from service.http.answer import Answer
from service.http.answering import refusal_of_failure
from service.http.error_form import ErrorForm
from service.http.request_state import STATE, Origin
from service.http.server import Handler
from service.ids import as_id

NAMES: Final = re.compile(r"{(\w+)[:}]")
TIMEOUT_S: Final = 20.0  # Of a page, with its wait for a connection.
READS: Final = frozenset({"GET", "HEAD"})
RETURN_AGE_S: Final = 600


def handler(page: Page) -> Handler:
    """Return the handler of a row of the table of pages."""

    async def answer(request: web.Request) -> web.StreamResponse:
        call = begin(request)
        try:
            async with asyncio.timeout(None if page.is_stream else TIMEOUT_S):
                return await _serve(call, page)
        except TimeoutError:
            return await refused(call, Unavailable("The service is busy; try again."))
        except ScimError as error:
            return await refused(call, error)
        except web.HTTPException:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the reader gets a page.
            return await refused(call, refusal_of_failure(error, str(request[STATE].request_id)))

    return answer


def begin(request: web.Request) -> ConsoleCall:
    """Return a request with its language and zone, before anybody looked who sends it."""
    texts = Texts(choose_language(request.cookies, request.headers.get("Accept-Language", "")))
    times = Times(texts, choose_zone(request.cookies))
    return ConsoleCall(request.app[CONSOLE], request, request[STATE].request_id, texts, times)


async def _serve(call: ConsoleCall, page: Page) -> web.StreamResponse:
    request = call.request
    if request.method not in READS:
        refuse_other_site(request.headers, own_origin(call))
    await find_who(call)
    if page.roles != EVERYBODY:
        if call.signed_in is None:
            return to_sign_in(call)
        if not page.roles & call.signed_in.roles:
            raise Forbidden("The page is for other roles.")
        refuse_suspended(call)
    if request.method not in READS and call.secret:
        await call.read_form()
        refuse_foreign_form(call.form.value(FIELD) or request.headers.get(HEADER), call.secret)
    made: web.StreamResponse = await page.handle(call, *_names(request, page))
    return made


async def find_who(call: ConsoleCall) -> None:
    """Find who sends a request by its cookie."""
    secret = call.parts.cookies.read(call.request.cookies, SESSION)
    if not secret:
        return
    session = await find_session(call.runtime.pool, secret)
    caller = await find_caller(call.runtime.pool, session) if session else None
    if caller is None:
        return
    call.secret, call.signed_in = secret, caller
    if caller.organization is not None:
        call.request[STATE].origin = Origin(caller.organization.id)


def refuse_suspended(call: ConsoleCall) -> None:
    """Refuse the people of an organization that is suspended. Errors: Forbidden."""
    organization = call.caller.organization
    if organization and organization.suspension and not call.has("operator"):
        raise Forbidden(
            f"The organization is suspended since {organization.suspension.since:%Y-%m-%d}: "
            f"{organization.suspension.reason}"
        )


def own_origin(call: ConsoleCall) -> str:
    """Return the origin that this service is at, as its answers have it: scheme, host and port."""
    scheme, _, rest = call.service.hosts.origin(call.request).partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def to_sign_in(call: ConsoleCall) -> Answer:
    """Return the way to the sign-in, and from there back to this page."""
    request, links = call.request, call.links
    answer = redirect(links.to("/signin"))
    if (
        HTMX in request.headers
    ):  # It follows redirects itself, and would put the page into a part of one.
        answer = html_answer("", status=401, headers={"HX-Redirect": links.to("/signin")})
    elif request.method in READS and request.rel_url.raw_path_qs != "/console/":
        back = links.prefix + request.rel_url.raw_path_qs
        answer.headers.add(
            "Set-Cookie", call.parts.cookies.secret(RETURN, back, age_s=RETURN_AGE_S)
        )
    return answer


def to_fresh_sign_in(call: ConsoleCall) -> Answer | None:
    """Return the way to another sign-in if the last one is too long ago for what makes a secret; else None.

    Whoever has begun a form may still send it for as long again.
    """
    is_read = call.request.method in READS
    if call.caller.session.is_fresh(call.now, FRESH if is_read else 2 * FRESH):
        return None
    answer = call.go("/signin", reason="fresh")
    back = call.links.to(call.path)
    answer.headers.add("Set-Cookie", call.parts.cookies.secret(RETURN, back, age_s=RETURN_AGE_S))
    return answer


def _names(request: web.Request, page: Page) -> Iterator[Any]:
    """Yield what stands for the names in the path. Errors: NotFound for an id that is none."""
    for name in NAMES.findall(page.path):
        sent = request.match_info[name]
        if name == "id" or name.endswith("_id"):
            found = as_id(sent)
            if found is None:
                raise NotFound("Ids are UUIDs.")
            yield found
        else:
            yield sent


async def refused(call: ConsoleCall, refusal: ScimError) -> Answer:
    """Return a refusal as a page, with the navigation where somebody is signed in."""
    call.request[STATE].refusal = refusal.without_origin()
    headers: dict[str, str] = {}
    if refusal.retry_after_s is not None:
        headers["Retry-After"] = str(refusal.retry_after_s)
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return await call.show(
                "error.html", status=refusal.status, headers=headers, refusal=refusal
            )
    except Exception:  # noqa: BLE001 - the database may be gone, which the page's frame needs.
        call.signed_in = None
        return await call.show(
            "error.html", status=refusal.status, headers=headers, refusal=refusal
        )


async def nothing_here(_call: ConsoleCall, _tail: str) -> Answer:
    """Any other address below /console/."""
    raise NotFound("There is no such page.")


def console_form() -> ErrorForm:
    """Return the form of refusals that reach no page of the console."""

    def body(error: ScimError, request_id: str) -> bytes:
        return render("bare.html", {"refusal": error, "request_id": request_id}).encode()

    def headers(_error: ScimError) -> Mapping[str, str]:
        answer = html_answer("")
        return dict(answer.headers)

    return ErrorForm(
        "/console", "text/html; charset=utf-8", body, headers, "/console/ begins there."
    )
