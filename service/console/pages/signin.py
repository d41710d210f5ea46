"""Sign-in by a one-time link, sign-out, and what a reader chooses: language and time zone."""

from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from schema.scim.errors import NotFound
from service.addresses import limit_key
from service.console.framework.answers import redirect
from service.console.framework.call import ConsoleCall
from service.console.framework.navigation import home_of
from service.console.sessions.cookies import RETURN, SESSION
from service.console.sessions.links import take_link
from service.console.sessions.matching import granted_roles, organization_of, person_of
from service.console.sessions.oidc import AGE_S, COOKIE, SignInRefused, Started
from service.console.sessions.store import NewSession, begin_session, end_session
from service.console.texts.choice import LANGUAGE_COOKIE, ZONE_COOKIE, zones
from service.console.texts.texts import LANGUAGES
from service.http.answer import Answer
from service.http.connections.client_address import client_address
from service.http.request_state import STATE

CALLBACK: Final = "/console/signin/oidc/callback"
LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


async def show(call: ConsoleCall) -> Answer:
    """GET /signin: how to get in."""
    return await _page(call, call.query.get("reason", ""))


async def _page(call: ConsoleCall, reason: str, *, status: int = 200, detail: str = "") -> Answer:
    return await call.show(
        "signin.html",
        status=status,
        reason=reason,
        detail=detail,
        has_provider=call.parts.oidc is not None,
    )


async def to_provider(call: ConsoleCall) -> Answer:
    """GET /signin/oidc: a link, not a form: the policy of pages lets no form lead to another host."""
    oidc = call.parts.oidc
    if oidc is None:
        raise NotFound("No identity provider is configured.")
    started = Started.new(is_fresh=call.query.get("fresh") == "yes")
    answer = redirect(await oidc.address(started, _redirect_uri(call)))
    answer.headers.add("Set-Cookie", call.parts.cookies.secret(COOKIE, started.cookie, age_s=AGE_S))
    return answer


async def from_provider(call: ConsoleCall) -> Answer:
    """GET /signin/oidc/callback: the identity provider has sent the browser back."""
    oidc, cookies = call.parts.oidc, call.parts.cookies
    if oidc is None:
        raise NotFound("No identity provider is configured.")
    started = Started.read(cookies.read(call.request.cookies, COOKIE))
    try:
        found = await oidc.finish(started, call.query, _redirect_uri(call))
        organization = await organization_of(call.runtime, oidc, found)
        person = await person_of(call.runtime, oidc, organization, found) if organization else None
        roles = granted_roles(oidc, organization, person, found)
    except SignInRefused as refusal:
        call.service.failures.count(limit_key(client_address(call.request)))
        call.request[STATE].refusal = refusal.without_origin()
        answer = await _page(call, refusal.why, status=403, detail=call.said(refusal))
        answer.headers.add("Set-Cookie", cookies.forget(COOKIE))
        return answer
    answer = await signed_in(
        call,
        NewSession(
            organization.id if organization and person else None,
            person.id if person else None,
            # Only what a claim gave is kept: what the directory and the settings give is looked up at each request.
            sorted(roles & found.texts(oidc.roles_claim)),
            str(person.id) if person else f"{oidc.issuer} {found.text('sub')}",
            "oidc",
            call.request.headers.get("User-Agent", ""),
            client_address(call.request),
            found.authenticated_at or LONG_AGO,
        ),
        home=home_of(roles),
    )
    answer.headers.add("Set-Cookie", cookies.forget(COOKIE))
    return answer


def _redirect_uri(call: ConsoleCall) -> str:
    return call.service.hosts.origin(call.request) + CALLBACK


async def by_link(call: ConsoleCall, secret: str) -> web.StreamResponse:
    """GET /signin/link/{secret}: signs in at once, and redirects so that the address is not kept."""
    link = await take_link(call.runtime.pool, secret)
    if link is None:
        call.service.failures.count(limit_key(client_address(call.request)))
        return await _page(call, "link", status=403)
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
            call.now,
        ),
    )


async def signed_in(call: ConsoleCall, new: NewSession, *, home: str = "") -> Answer:
    """Begin a session in place of the one that the browser has; go to the page that asked for the sign-in, or home."""
    pool, cookies = call.runtime.pool, call.parts.cookies
    secret = await begin_session(pool, new)
    if call.signed_in is not None:
        former = call.signed_in.session
        await end_session(pool, former.id, former.organization_id)
    wanted = call.links.local(cookies.read(call.request.cookies, RETURN))
    answer = redirect(wanted or call.links.to(home or home_of(new.roles)))
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
