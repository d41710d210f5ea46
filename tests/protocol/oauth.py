"""OAuth clients of a running service, and requests to its token endpoint."""

import base64
from typing import Any

from service.callers.issuers import IssuerRules
from service.cli.provenance import cli_provenance
from service.oauth.paths import TOKEN_PATH
from service.oauth.token_request import ASSERTION_TYPE
from service.organizations.clients import MadeClient, NewClient, register_client
from service.organizations.register import find_organization
from tests.protocol.issuer import AUDIENCE, SUBJECT, Issuer
from tests.serving import Answer, Served, Tenant, parsed

RULES = IssuerRules(frozenset({"127.0.0.1"}), may_be_private=True)


async def make_client(
    served: Served, tenant: Tenant, issuer: Issuer | None = None, **changed: Any
) -> MadeClient:
    """Register a client: one with a secret, or one that an issuer vouches for."""
    trust: dict[str, Any] = {"kind": "secret"}
    if issuer:
        trust = {
            "kind": "federated",
            "issuer": issuer.url,
            "subjects": (SUBJECT,),
            "audiences": (AUDIENCE, f"{AUDIENCE}/scim.example.com"),
        }
    return await register_client(
        served.runtime,
        await find_organization(served.runtime, str(tenant.id)),
        NewClient(**{"label": "Entra", **trust, **changed}),
        rules=RULES,
        provenance=cli_provenance(),
    )


async def ask(
    served: Served, form: dict[str, str] | str | bytes, method: str = "POST", **headers: str
) -> Answer:
    """Send a request to the token endpoint. Every answer is checked for what all must have."""
    url = f"http://127.0.0.1:{served.port}{TOKEN_PATH}"
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if not isinstance(form, dict):
        sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
    async with served.session.request(method, url, data=form, headers=sent) as response:
        answer = Answer(response.status, response.headers, parsed(await response.read()))
    assert answer.headers["Cache-Control"] == "no-store", answer
    assert answer.headers["Content-Type"] == "application/json", answer
    if answer.status != 200:
        assert "access_token" not in answer.body, answer
        assert set(answer.body) == {"error", "error_description"}, answer
    return answer


async def ask_with_secret(served: Served, client: MadeClient, **more: str) -> Answer:
    """Send a token request with client_secret_post."""
    assert client.secret is not None
    form = {"client_id": str(client.client_id), "client_secret": client.secret.secret}
    return await ask(served, {"grant_type": "client_credentials", **form, **more})


async def ask_with_assertion(
    served: Served, client: MadeClient, assertion: str, **more: str
) -> Answer:
    """Send a token request with a client assertion."""
    form = {
        "grant_type": "client_credentials",
        "client_id": str(client.client_id),
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
        **more,
    }
    return await ask(served, {name: value for name, value in form.items() if value})


def basic(user: str, password: str) -> str:
    """Return the header of client_secret_basic."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
