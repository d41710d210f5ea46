"""People and groups for the tests of pages, as an identity provider makes them."""

import secrets
from typing import Any

from tests.serving import Scim, Served, Tenant

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    '=HYPERLINK("http://evil.example")',
    "{{ 7 * 7 }} {name} %s",
    "\u202egnp.exe",
    "O\u2019Brien & Søns, \U0001f469\u200d\U0001f680",
)


async def provision(served: Served, tenant: Tenant, **values: Any) -> dict[str, Any]:
    """Return a person that the identity provider made."""
    name = f"p{secrets.token_hex(6)}@contoso.example"
    sent = {"userName": name, "externalId": name, "displayName": name, **values}
    answer = await Scim(served, tenant.token).post("/Users", sent)
    assert answer.status == 201, answer
    return dict(answer.body)


async def group_of(served: Served, tenant: Tenant, *ids: str, name: str = "") -> dict[str, Any]:
    """Return a group that the identity provider made."""
    sent = {
        "displayName": name or f"g{secrets.token_hex(6)}",
        "members": [{"value": each} for each in ids],
    }
    answer = await Scim(served, tenant.token).post("/Groups", sent)
    assert answer.status == 201, answer
    return dict(answer.body)
