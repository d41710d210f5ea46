"""Clients that provision without rest: each sends a request until it is answered, then the next."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from time import monotonic
from typing import Any
from uuid import UUID

import aiohttp
import orjson

from service.scim.base_path import BASE_PATH
from tests.drill.ledger import Attempt, Kind, Ledger, Try
from tests.drill.wishes import Holding
from tests.serving import MEDIA_TYPE, Tenant, media_type_of

ANSWER_TIMEOUT_S = 60.0  # Nobody waits longer: the attempt counts as wrongly answered.
PAUSE_S = 0.05  # After a failure.
READ_SHARE = 0.2
VERSION = re.compile(r'W/"(\d+)"')
DONE = {
    Kind.CREATE_USER: {201},
    Kind.CHANGE_USER: {200},
    Kind.DELETE_USER: {204},
    Kind.CREATE_GROUP: {201},
    Kind.CHANGE_GROUP: {200, 204},
}
# How the second try may be answered if the first one took effect and its answer was lost.
DONE_BEFORE = {Kind.CREATE_USER: {409}, Kind.CREATE_GROUP: {409}, Kind.DELETE_USER: {404}}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Any
    body: Any


class Client:
    """One that provisions a part of an organization, which nobody else touches."""

    def __init__(self, crew: "Crew", holding: Holding, ledger: Ledger, port: int) -> None:
        self._crew = crew
        self._holding = holding
        self._ledger = ledger
        self._base = f"http://127.0.0.1:{port}{BASE_PATH}"

    async def work(self) -> None:
        """Provision until the crew is dismissed."""
        while await self._crew.may_begin():
            if self._holding.users and self._holding.rng.random() < READ_SHARE:
                await self._read()
            else:
                await self._carry_out(self._holding.next_attempt())
            self._crew.end()

    async def _carry_out(self, attempt: Attempt) -> None:
        """Send a request until it is done. One that is dismissed leaves it as it is: unanswered."""
        self._ledger.attempts.append(attempt)
        while not self._crew.is_dismissed:
            tried = Try(monotonic())
            attempt.tries.append(tried)
            answer = await self._ask(attempt.method, attempt.path, attempt.body, tried)
            if answer is None or answer.status == 503:
                await asyncio.sleep(PAUSE_S)
            elif answer.status in DONE[attempt.kind]:
                return self._acknowledge(attempt, tried, answer)
            elif len(attempt.tries) > 1 and answer.status in DONE_BEFORE.get(attempt.kind, ()):
                if await self._find_done_before(attempt, tried):
                    return None
            else:
                return self._complain(f"{attempt.method} {attempt.path}", answer)
        return None

    def _acknowledge(self, attempt: Attempt, tried: Try, answer: Answer) -> None:
        if attempt.kind in (Kind.CREATE_USER, Kind.CREATE_GROUP):
            attempt.stream_id = UUID(answer.body["id"])
        if attempt.kind is not Kind.DELETE_USER:
            attempt.version = version_of(answer.headers["ETag"])
        attempt.acknowledged = tried
        self._holding.take_note(attempt)
        self._crew.note_acknowledged()

    async def _find_done_before(self, attempt: Attempt, tried: Try) -> bool:
        """Look for what an earlier try has made, as Entra does; tell whether there was an answer."""
        if attempt.kind is not Kind.DELETE_USER:
            attribute = "userName" if attempt.kind is Kind.CREATE_USER else "displayName"
            query = f'{attempt.path}?filter={attribute}%20eq%20"{attempt.wish.name}"'
            answer = await self._ask("GET", query, None, Try(monotonic()))
            if answer is None or answer.status == 503:
                return False
            if answer.status != 200 or answer.body["totalResults"] != 1:
                self._complain(f"after 409 GET {query}", answer)
                return True
            found = answer.body["Resources"][0]
            attempt.stream_id = UUID(found["id"])
            attempt.version = version_of(found["meta"]["version"])
        attempt.acknowledged = tried
        self._holding.take_note(attempt)
        self._crew.note_acknowledged()
        return True

    async def _read(self) -> None:
        """Read a user back: it must be there, at the version that was acknowledged last."""
        user_id, version = self._holding.rng.choice(sorted(self._holding.users.items()))
        answer = await self._ask("GET", f"/Users/{user_id}", None, Try(monotonic()))
        if answer is None or answer.status == 503:
            await asyncio.sleep(PAUSE_S)
        elif answer.status != 200 or version_of(answer.headers["ETag"]) != version:
            self._complain(f"version {version} expected: GET /Users/{user_id}", answer)

    async def _ask(self, method: str, path: str, body: Any, tried: Try) -> Answer | None:
        """Return the answer, None where none came."""
        headers = {
            "Authorization": f"Bearer {self._holding.tenant.token}",
            "Content-Type": MEDIA_TYPE,
        }
        data = orjson.dumps(body) if body is not None else None
        try:
            async with self._crew.session.request(
                method, self._base + path, data=data, headers=headers
            ) as response:
                content = await response.read()
                answer = Answer(response.status, response.headers, parsed(content))
        except TimeoutError:
            self._ledger.wrong_answers.append(f"{method} {path}: none in {ANSWER_TIMEOUT_S} s")
            return None
        except (aiohttp.ClientError, OSError):
            return None
        finally:
            tried.ended_s = monotonic()
            self._crew.note_duration(tried)
        tried.status = answer.status
        tried.request_id = UUID(answer.headers["X-Request-Id"])
        self._check(f"{method} {path}", answer)
        return answer

    def _check(self, asked: str, answer: Answer) -> None:
        """Check what every answer owes, and that a 503 says when to come again."""
        if answer.headers.get("Content-Type") != media_type_of(answer.status):
            self._complain(f"not SCIM: {asked}", answer)
        if answer.status == 503:
            self._crew.busy += 1
            if not answer.headers.get("Retry-After", "").isdigit():
                self._complain(f"no Retry-After: {asked}", answer)

    def _complain(self, asked: str, answer: Answer) -> None:
        self._ledger.wrong_answers.append(f"{asked}: {answer.status} {str(answer.body)[:300]}")


class Crew:
    """Clients at work, and what all of them have in common."""

    def __init__(self) -> None:
        self.session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S),
            connector=aiohttp.TCPConnector(limit=0),
        )
        # Its own second try of a DELETE would hide from the ledger that the first one was lost.
        self.session._retry_connection = False
        self.is_dismissed = False
        self.acknowledged = 0
        self.busy = 0
        self.slowest_s = 0.0
        self._progressed = asyncio.Event()
        self._working = 0
        self._resting = asyncio.Event()
        self._called = asyncio.Event()
        self._called.set()

    async def may_begin(self) -> bool:
        """Wait while all rest; tell whether there is work to do then."""
        await self._called.wait()
        self._working += 1
        return not self.is_dismissed

    def end(self) -> None:
        """Take note that a client has ended what it began."""
        self._working -= 1
        if not self._working:
            self._resting.set()

    @asynccontextmanager
    async def at_rest(self, *, within_s: float) -> AsyncIterator[None]:
        """Let every client end what it has begun, and none begin until the end of the block."""
        self._called.clear()
        async with asyncio.timeout(within_s):
            while self._working:
                self._resting.clear()
                await self._resting.wait()
        yield
        self._called.set()

    def dismiss(self) -> None:
        """Let clients leave, whatever they wait for."""
        self.is_dismissed = True
        self._called.set()

    def note_acknowledged(self) -> None:
        """Take note of a request that was answered as done."""
        self.acknowledged += 1
        self._progressed.set()

    def note_duration(self, tried: Try) -> None:
        """Take note of how long an answer took, or the loss of the connection."""
        assert tried.ended_s is not None
        self.slowest_s = max(self.slowest_s, tried.ended_s - tried.began_s)

    async def progress(self, count: int, *, within_s: float) -> float:
        """Return the seconds until so many more requests were acknowledged. Errors: TimeoutError."""
        began, until = monotonic(), self.acknowledged + count
        async with asyncio.timeout(within_s):
            while self.acknowledged < until:
                self._progressed.clear()
                await self._progressed.wait()
        return monotonic() - began


@asynccontextmanager
async def at_work(
    books: Sequence[tuple[Tenant, Ledger]], ports: Sequence[int], rng: Random, *, clients: int
) -> AsyncIterator[Crew]:
    """Let clients provision each organization for the duration of the block, over ports in turn."""
    crew = Crew()
    working: list[asyncio.Task[None]] = []
    for tenant, ledger in books:
        for number in range(clients):
            prefix = f"{number}-{rng.getrandbits(48):012x}"
            holding = Holding(tenant, prefix, Random(rng.getrandbits(64)))  # noqa: S311 - no secret.
            client = Client(crew, holding, ledger, ports[len(working) % len(ports)])
            working.append(asyncio.create_task(client.work()))
    try:
        yield crew
    finally:
        crew.dismiss()
        await asyncio.gather(*working)
        await crew.session.close()


def parsed(content: bytes) -> Any:
    """Return the JSON of a body, None for none."""
    return orjson.loads(content) if content else None


def version_of(tag: str) -> int:
    """Return the version that an entity tag names."""
    found = VERSION.fullmatch(tag)
    assert found, tag
    return int(found[1])
