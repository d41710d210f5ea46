"""The manifest of a part of a backup: what its files are, and the signature of the log's key over it.

A part is a folder: `manifest.json`, `manifest.note` (a C2SP signed note whose root is the SHA-256 of the manifest), and
one file for each table.
"""

import hashlib
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final, Literal
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from eventstore.proof.notes import (
    ED25519,
    KEY_ID_BYTES,
    MalformedNote,
    Vkey,
    body_of,
    is_signed,
    read_note,
    signed_note,
)
from eventstore.trees.keys import LogKey
from service.backup.tables import Part

FORMAT: Final = "scim-ledger-backup/1"
MANIFEST, NOTE = "manifest.json", "manifest.note"


class BackupProblem(Exception):
    """A backup cannot be made, read or restored; the message says why."""


class Described(BaseModel):
    """A part of a manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TableFile(Described):
    """The file of one table: rows in the text format of COPY, compressed with gzip."""

    schema_name: str
    name: str
    columns: tuple[str, ...]
    file: str
    rows: int
    bytes: int  # Before the compression.
    sha256: str  # Of the same bytes, in hexadecimal.


class LogEnd(Described):
    """Where a log ends in the backup, and its newest signed checkpoint."""

    organization_id: UUID
    position: int
    signed: int  # Events that the checkpoint covers.
    note: str | None


class ServingSum(Described):
    """What a table of a projection held when the backup was made."""

    rows: int
    checksum: str


class Serving(Described):
    """The tables of a projection when the backup was made."""

    revision: int
    tables: dict[str, ServingSum]


class Manifest(Described):
    """What a part holds."""

    format: Literal["scim-ledger-backup/1"]
    part: Part
    backup_id: UUID
    created_at: datetime
    release: str
    server: str  # The version of Postgres.
    migrations: dict[int, str]  # Number → checksum.
    master_keys: tuple[str, ...]  # Fingerprints of those that are needed.
    tables: tuple[TableFile, ...]
    logs: tuple[LogEnd, ...] = ()
    serving: dict[str, Serving] = {}

    @property
    def rows(self) -> int:
        """Return how many rows the part has."""
        return sum(each.rows for each in self.tables)

    @property
    def events(self) -> int:
        """Return how many events the logs have."""
        return sum(each.position for each in self.logs)

    @property
    def origin(self) -> str:
        """Return the name under which the manifest is signed."""
        return f"{FORMAT}/{self.part}/{self.backup_id}"


def write_manifest(folder: Path, manifest: Manifest, key: LogKey) -> str:
    """Write a manifest and its signature; return its SHA-256. It comes last: a part without one is not complete."""
    text = orjson.dumps(manifest.model_dump(mode="json"), option=orjson.OPT_INDENT_2, default=str)
    digest = hashlib.sha256(text).digest()
    body = body_of(manifest.origin, manifest.rows, digest)
    write_durably(folder / NOTE, signed_note(body, [key.private] if key.private else []).encode())
    write_durably(folder / MANIFEST, text)
    return digest.hex()


def write_durably(path: Path, content: bytes) -> None:
    """Write a new file, and let the disk have it. Errors: OSError."""
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def read_manifest(folder: Path, part: Part) -> Manifest:
    """Return the manifest of a part. Errors: BackupProblem."""
    try:
        found = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        raise BackupProblem(
            f"{folder} holds no complete part of a backup: {MANIFEST} is missing."
        ) from None
    except (OSError, ValidationError) as error:
        raise BackupProblem(f"{folder / MANIFEST} cannot be read: {_first_line(error)}") from error
    if found.part != part:
        raise BackupProblem(f"{folder} holds the part {found.part!r} of a backup, not {part!r}.")
    return found


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}."
    return f"{getattr(error, 'strerror', None) or error}."


def refuse_unsigned(folder: Path, manifest: Manifest, keys: Mapping[int, LogKey]) -> None:
    """Refuse a part whose manifest no key of the log has signed. Errors: BackupProblem.

    The master key has opened these keys, so nobody without it could have signed.
    """
    try:
        note = read_note((folder / NOTE).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, MalformedNote) as error:
        raise BackupProblem(f"{folder / NOTE} cannot be read: the backup is not proven.") from error
    digest = hashlib.sha256((folder / MANIFEST).read_bytes()).digest()
    if (note.origin, note.root) != (manifest.origin, digest):
        raise BackupProblem(f"{folder / MANIFEST} was changed: it is not what {NOTE} signs.")
    for each in keys.values():
        signer = Vkey(note.origin, ED25519, each.public)
        for name, octets in note.signatures:
            is_by_it = (name, octets[:KEY_ID_BYTES]) == (signer.name, signer.key_id)
            if is_by_it and is_signed(note.body, signer, octets):
                return
    raise BackupProblem(
        f"{folder / NOTE} is signed by no key of this log: the backup is not proven."
    )
