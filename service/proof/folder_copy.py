"""The copy outside in a folder: one folder per organization, with the files latest, history, keys and erased."""

import asyncio
import fcntl
import os
import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from eventstore.proof.notes import read_note
from eventstore.proof.outside_lines import (
    BrokenCopy,
    Closed,
    Erased,
    OutsideLog,
    closed_line,
    erased_line,
    first_line,
    history_line,
    keys_text,
    read_closed,
    read_erased,
    read_history,
    read_keys,
    whole_lines,
)
from service.database.master_key import sync_folder
from service.proof.outside import ForkedCopy, Update, place_of

LATEST, HISTORY, KEYS, ERASED = "latest", "history", "keys", "erased"
TAIL_BYTES = 4_096  # More than the last line of a history.
MODE = 0o700


class FolderCopy:
    """A folder. `mark` is a file in another folder that says that this folder was made."""

    def __init__(self, folder: Path, mark: Path) -> None:
        self._folder = folder
        self._mark = mark

    @property
    def place(self) -> str:
        """Where it is."""
        return str(self._folder)

    @property
    def is_gone(self) -> bool:
        """Whether it was there before, and is not there now."""
        return self._mark.exists() and not self._folder.exists()

    async def load(
        self, organization_ids: Collection[UUID] | None = None, *, with_history: bool = False
    ) -> Mapping[UUID, OutsideLog]:
        """Return what it holds. Errors: BrokenCopy, OSError."""
        return await asyncio.to_thread(self._load, organization_ids, with_history=with_history)

    def _load(
        self, organization_ids: Collection[UUID] | None, *, with_history: bool
    ) -> dict[UUID, OutsideLog]:
        wanted = self._known() if organization_ids is None else organization_ids
        found = (self._load_one(each, with_history=with_history) for each in wanted)
        return {each.organization_id: each for each in found if each is not None}

    def _known(self) -> list[UUID]:
        if not self._folder.exists():
            return []
        return [UUID(each.name) for each in self._folder.iterdir() if _is_id(each.name)]

    def _load_one(self, organization_id: UUID, *, with_history: bool) -> OutsideLog | None:
        folder = self._folder / str(organization_id)
        latest = _text(folder / LATEST)
        if latest is None and not folder.exists():
            return None
        found = OutsideLog(organization_id, latest, latest_at=_written_at(folder / LATEST))
        try:
            if with_history:
                found.history = list(read_history(_text(folder / HISTORY) or "", organization_id))
            closed = _closed(folder / HISTORY)
            # What was signed later opens it again.
            if closed and (latest is None or read_note(latest).size <= closed.size):
                found.closed = closed
            found.keys, found.marks_from = read_keys(_text(folder / KEYS) or "")
            found.erased = list(read_erased(_text(folder / ERASED) or ""))
        except BrokenCopy as error:
            raise BrokenCopy(f"{folder}: {error}") from error
        return found

    async def save(self, update: Update) -> None:
        """Write a checkpoint. Errors: ForkedCopy, OSError."""
        await asyncio.to_thread(self._save, update)

    def _save(self, update: Update) -> None:
        with self._locked(update.organization_id) as folder:
            held, new = _text(folder / LATEST), place_of(update.note)
            if held is not None:
                former = place_of(held)
                is_other = read_note(held).root != read_note(update.note).root
                if former == new and is_other:
                    raise ForkedCopy(update.organization_id, new[1])
                if former > new or (former == new and update.closed is None):
                    return
            _append_history(folder, update)
            _replace(folder / KEYS, keys_text(update.keys, update.marks_from))
            _replace(folder / LATEST, update.note)

    async def save_erased(self, organization_id: UUID, erased: Erased) -> None:
        """Record that a person was erased. Errors: OSError."""
        await asyncio.to_thread(self._save_erased, organization_id, erased)

    def _save_erased(self, organization_id: UUID, erased: Erased) -> None:
        with self._locked(organization_id) as folder:
            _append(folder / ERASED, erased_line(erased))

    @contextmanager
    def _locked(self, organization_id: UUID) -> Iterator[Path]:
        """Give the folder of a log, which other processes of this host do not write meanwhile."""
        self._make()
        folder = self._folder / str(organization_id)
        if not folder.exists():
            folder.mkdir(mode=MODE, exist_ok=True)
            sync_folder(self._folder)
        opened = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX)
            yield folder
        finally:
            os.close(opened)

    def _make(self) -> None:
        if self._mark.exists():
            # Without the folder it is gone: made anew, it would hide that.
            self._folder.stat()
            return
        self._folder.mkdir(mode=MODE, parents=True, exist_ok=True)
        self._mark.parent.mkdir(mode=MODE, parents=True, exist_ok=True)
        _replace(self._mark, f"{self._folder}\n")


def _append_history(folder: Path, update: Update) -> None:
    """Append the kept notes that follow the last line; a new history begins with the first note it gets.

    A log that ended gets its last note, and a line that says so.
    """
    path = folder / HISTORY
    last, newest = _last_place(path, update.organization_id), (update.note, update.signed_at)
    wanted = [*update.kept, newest] if update.closed and newest not in update.kept else update.kept
    kept = [each for each in wanted if last is None or place_of(each[0]) > last]
    if last is None:
        kept = kept[-1:] or [newest]
    lines = "".join(history_line(read_note(note), at) for note, at in kept)
    if last is None:
        lines = first_line(update.organization_id) + lines
    if update.closed and (kept or _closed(path) is None):
        lines += closed_line(update.closed)
    if lines:
        _append(path, lines)


def _last_place(path: Path, organization_id: UUID) -> tuple[int, int] | None:
    """Return the incarnation and the size of the last line; None if there is no history yet."""
    lines = _last_lines(path)
    for line in reversed(lines):
        words = line.split(" ")
        if words[0].isdigit():
            return int(words[0]), int(words[1])
    return (0, 0) if lines and str(organization_id) in lines[0] else None


def _closed(path: Path) -> Closed | None:
    """Return what the last line says about the end of the log. Errors: BrokenCopy."""
    lines = _last_lines(path)
    return read_closed(lines[-1]) if lines else None


def _last_lines(path: Path) -> list[str]:
    """Return the last lines that were written to their end; of the first of them perhaps only a part."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            return whole_lines(file.read().decode(errors="replace"))
    except FileNotFoundError:
        return []


def _append(path: Path, lines: str) -> None:
    """Append lines, over a last line that was not written to its end."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600), "a+b") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - TAIL_BYTES))
        last = file.read()
        if last and not last.endswith(b"\n"):
            file.truncate(end - len(last) + last.rfind(b"\n") + 1)
        file.write(lines.encode())
        file.flush()
        os.fsync(file.fileno())


def _replace(path: Path, text: str) -> None:
    """Write a file whole, or leave it as it was."""
    if _text(path) == text:
        return
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return None


def _written_at(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None


def _is_id(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False
