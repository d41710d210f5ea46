"""The copy outside at a URL, and the webhook that gets each kept checkpoint.

`PUT <url>/<organization id>/<incarnation>/<size>` writes a note; 409 says that another note is there. `GET
<url>/<organization id>/latest` reads the newest one. The webhook is for people: nobody reads from it. Redirects are not followed.
"""

from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any, Final, Literal
from uuid import UUID

import aiohttp

from eventstore.proof.notes import read_note
from eventstore.proof.outside_lines import Erased, OutsideLog
from service.limits.read_at_most import PIECE_BYTES, read_at_most
from service.proof.outside import ForkedCopy, Update, place_of

TIMEOUT: Final = aiohttp.ClientTimeout(total=10.0)
NOTE_BYTES_MAX: Final = 65_536
PLAIN: Final = {"Content-Type": "text/plain; charset=utf-8"}


class WebCopy:
    """A place that keeps notes by organization, incarnation and size."""

    is_by_log: Literal[True] = True

    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def place(self) -> str:
        """Where it is."""
        return self._url

    @property
    def is_gone(self) -> bool:
        """Whether it was there before, and is not there now: a URL that does not answer is an error instead."""
        return False

    async def load(
        self,
        organization_ids: Collection[UUID] | None = None,
        *,
        with_history: bool = False,  # noqa: ARG002 - it gives the newest note only.
    ) -> Mapping[UUID, OutsideLog]:
        """Return the newest notes of some logs. Which logs it knows cannot be asked. Errors: OSError."""
        found = dict[UUID, OutsideLog]()
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            for each in organization_ids or ():
                if note := await self._latest(session, each):
                    found[each] = OutsideLog(each, note)
        return found

    async def _latest(self, session: aiohttp.ClientSession, organization_id: UUID) -> str | None:
        try:
            url = f"{self._url}/{organization_id}/latest"
            async with session.get(url, allow_redirects=False) as answer:
                if answer.status == HTTPStatus.NOT_FOUND:
                    return None
                _refuse_others(answer)
                note = await read_at_most(answer.content.iter_chunked(PIECE_BYTES), NOTE_BYTES_MAX)
                if note is None:
                    raise OSError(f"{self._url} answers with more than {NOTE_BYTES_MAX:,} bytes.")
                return note.decode()
        except (aiohttp.ClientError, TimeoutError, UnicodeDecodeError) as error:
            raise OSError(f"{self._url} does not answer: {type(error).__name__}") from error

    async def save(self, update: Update) -> None:
        """Write a checkpoint. Errors: ForkedCopy, OSError."""
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            former = await self._latest(session, update.organization_id)
            if former is not None and place_of(former) >= place_of(update.note):
                is_same = read_note(former).root == read_note(update.note).root
                if place_of(former) == place_of(update.note) and not is_same:
                    raise ForkedCopy(update.organization_id, read_note(former).size)
                return
            incarnation, size = place_of(update.note)
            url = f"{self._url}/{update.organization_id}/{incarnation}/{size}"
            await _send(session, "PUT", url, update, data=update.note.encode(), headers=PLAIN)

    async def save_erased(self, organization_id: UUID, erased: Erased) -> None:
        """Do nothing: a place that keeps notes keeps nothing else."""


class WebWebhook:
    """A URL that gets each kept checkpoint as JSON."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def send(self, update: Update) -> None:
        """Send a checkpoint. Errors: OSError."""
        note = read_note(update.note)
        body = {
            "type": "checkpoint",
            "organizationId": str(update.organization_id),
            "origin": note.origin,
            "size": note.size,
            "note": update.note,
        }
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            await _send(session, "POST", self._url, update, json=body)


async def _send(
    session: aiohttp.ClientSession, method: str, url: str, update: Update, **content: Any
) -> None:
    try:
        async with session.request(method, url, allow_redirects=False, **content) as answer:
            if answer.status == HTTPStatus.CONFLICT and method == "PUT":
                raise ForkedCopy(update.organization_id, read_note(update.note).size)
            _refuse_others(answer)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise OSError(f"{url} does not take it: {type(error).__name__}") from error


def _refuse_others(answer: aiohttp.ClientResponse) -> None:
    """Refuse an answer that is not a success; a redirect is none. Errors: OSError, aiohttp's."""
    answer.raise_for_status()
    if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
        raise OSError(f"{answer.url} answers with status {answer.status}, which is not followed.")
