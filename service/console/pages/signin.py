"""Sign-in by a one-time link, sign-out, and what a reader chooses: language and time zone."""

from aiohttp import web

from service.addresses import limit_key
from service.console.framework.answers import redirect
from service.console.framework.call import ConsoleCall
from service.console.framework.navigation import home_of
from service.console.sessions.cookies import RETURN, SESSION
from service.console.sessions.links import take_link
from service.console.sessions.store import NewSession, begin_session, end_session
from service.console.texts.choice import LANGUAGE_COOKIE, ZONE_COOKIE, zones
from service.console.texts.texts import LANGUAGES
from service.http.answer import Answer
from service.http.connections.client_address import client_address


async def show(call: ConsoleCall) -> Answer:
    """GET /signin: how to get in."""
    return await call.show("signin.html", reason=call.query.get("reason", ""))


async def by_link(call: ConsoleCall, secret: str) -> web.StreamResponse:
    """GET /signin/link/{secret}: signs in at once, and redirects so that the address is not kept."""
    link = await take_link(call.runtime.pool, secret)
    if link is None:
        call.service.failures.count(limit_key(client_address(call.request)))
        return await call.show("signin.html", status=403, reason="link")
    return await signed_in(
        call,
        NewSession(
            link.organization_id,
            None,
            link.roles,
            f"console link of {link.actor}",
            "link",
            call.request.headers.get("User-Agent", ""),
            client_address(call.request),
        ),
    )


async def signed_in(call: ConsoleCall, new: NewSession) -> Answer:
    """Begin a session in place of the one that the browser has; go to the page that asked for the sign-in."""
    pool, cookies = call.runtime.pool, call.parts.cookies
    secret = await begin_session(pool, new)
    if call.signed_in is not None:
        former = call.signed_in.session
        await end_session(pool, former.id, former.organization_id)
    wanted = call.links.local(cookies.read(call.request.cookies, RETURN))
    answer = redirect(wanted or call.links.to(home_of(new.roles)))
    answer.headers.add("Set-Cookie", cookies.secret(SESSION, secret))
    answer.headers.add("Set-Cookie", cookies.forget(RETURN))
    return answer


async def sign_out(call: ConsoleCall) -> Answer:
    """POST /signout."""
    if call.signed_in is not None:
        session = call.signed_in.session
        await end_session(call.runtime.pool, session.id, session.organization_id)
    answer = call.go("/signin", reason="out")
    answer.headers.add("Set-Cookie", call.parts.cookies.forget(SESSION))
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


async def choose_language(call: ConsoleCall, code: str) -> Answer:
    """GET /language/{code}: keeps the choice and goes back to where it was made."""
    answer = redirect(call.links.local(call.query.get("back", "")) or call.links.home)
    if code in LANGUAGES:
        answer.headers.add("Set-Cookie", call.parts.cookies.choice(LANGUAGE_COOKIE, code))
    return answer


async def show_zones(call: ConsoleCall) -> Answer:
    """GET /zone: a list to choose from."""
    return await call.show("zone.html", zones=zones())


async def choose_zone(call: ConsoleCall) -> Answer:
    """POST /zone."""
    zone = call.form.value("zone")
    if zone not in zones():
        call.form.refuse(
            "zone",
            call.t("zone.unknown", "Choose a zone of the list. You entered {value}.", value=zone),
        )
        return await call.show("zone.html", status=422, zones=zones())
    answer = redirect(call.links.local(call.form.value("back")) or call.links.home)
    answer.headers.add("Set-Cookie", call.parts.cookies.choice(ZONE_COOKIE, zone))
    return answer
