"""Whatever is sent to any endpoint, the service answers soon and in SCIM, and its log stays whole."""

import asyncio
import os
import secrets
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz import INPUTS
from tests.fuzz.bodies import GROUP, NAME, USER
from tests.fuzz.strategies import Request, requests
from tests.protocol.extensions import register
from tests.protocol.resources import values
from tests.serving import Answer, Scim, Served, Tenant, media_type_of

pytestmark = pytest.mark.process

INPUTS_IN_A_TEST = 1_000
ANSWER_MAX_S = 2.0
FRESH = 25  # How many requests use the same user and group. Some requests delete them.
IS_NIGHTLY = INPUTS in os.environ


@dataclass
class Prey:
    """An organization that receives hostile requests, with a user and a group for them to find."""

    scim: Scim
    sent: int = 0
    meant: dict[str, str] = field(default_factory=dict)

    async def ask(self, request: Request) -> Answer:
        """Send a request about the current user and group, after making new ones if they are due."""
        if self.sent % FRESH == 0:
            self.meant = await self.made()
        self.sent += 1
        about = request.about({**self.meant, NAME: secrets.token_hex(8)})
        headers = {name.replace("-", "_"): value for name, value in about.headers.items()}
        async with asyncio.timeout(ANSWER_MAX_S):
            return await self.scim.ask(about.method, about.target, about.body, **headers)

    async def made(self) -> dict[str, str]:
        """Make a user and a group with that user; return their ids by placeholder."""
        name = secrets.token_hex(8)
        user = await self.scim.post("/Users", {"userName": name})
        members = values([user.body["id"]])
        group = await self.scim.post("/Groups", {"displayName": name, "members": members})
        return {USER: user.body["id"], GROUP: group.body["id"]}


@pytest.fixture
async def prey(served: Served, organization: Tenant, scim: Scim) -> Prey:
    """Give an organization with an extension; its log is checked at the end."""
    await register(served, organization)
    return Prey(scim)


@given(request=requests())
@settings(
    max_examples=int(os.environ.get(INPUTS, INPUTS_IN_A_TEST)),
    deadline=None,
    derandomize=not IS_NIGHTLY,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
async def test_every_request_is_answered_soon_and_in_scim(prey: Prey, request: Request) -> None:
    answer = await prey.ask(request)

    assert answer.status < 500, answer
    assert answer.headers.get("Content-Type") == media_type_of(answer.status), answer
    if request.method != "HEAD" and answer.status not in (204, 304):
        assert answer.body["schemas"], answer
    if request.method != "HEAD" and answer.status >= 400:
        assert answer.body["status"] == str(answer.status), answer
        assert answer.body["detail"], answer
