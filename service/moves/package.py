"""The folder in which an organization travels: files of tables, a signed manifest, and what only the transfer key opens.

Personal values stay sealed. The keys of persons are wrapped by the transfer key, which travels another way.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID

import orjson

from eventstore.errors import BrokenSeal
from eventstore.sealing.sealer import Sealer
from service.backup.manifest import BackupProblem, write_durably
from service.backup.tables import Table
from service.database.master_key import make_key_file, read_key_file

SECRETS: Final = "secrets.sealed"
# What an organization takes along. What else has its id stays behind: webhooks with their dead letters, the requests that
# were refused, and what was counted of them.
TABLES: Final[Mapping[str, frozenset[str]]] = {
    "eventstore": frozenset({"events", "subject_keys", "erased_subjects"}),
    "proof": frozenset({"tiles", "logs", "checkpoints", "cosignatures", "signers"}),
    "service": frozenset({"token_uses"}),
}


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the other database needs besides rows."""

    name: str  # Of the organization.
    mark_key: bytes | None = field(repr=False)
    log_keys: Mapping[int, bytes]  # The public keys of checkpoints, by number.
    signing_keys: Mapping[str, bytes]  # The public keys of tokens, by id.


def travels(table: Table) -> bool:
    """Return whether the rows of a table move with their organization."""
    return table.name in TABLES.get(table.schema, ())


def transfer_sealer(key_file: Path, *, may_make: bool) -> Sealer:
    """Return the sealer of a transfer key, whose file is made if it may be. Errors: KeyProblem, OSError."""
    if may_make and not key_file.exists():
        make_key_file(key_file)
    return Sealer(read_key_file(key_file))


def write_secrets(folder: Path, organization_id: UUID, secrets: Secrets, sealer: Sealer) -> None:
    """Write what only the transfer key opens."""
    document = {
        "name": secrets.name,
        "markKey": None if secrets.mark_key is None else _text(secrets.mark_key),
        "logKeys": {str(number): _text(each) for number, each in secrets.log_keys.items()},
        "signingKeys": {kid: _text(each) for kid, each in secrets.signing_keys.items()},
    }
    sealed = sealer.wrap_secret(orjson.dumps(document), context=_context(organization_id))
    write_durably(folder / SECRETS, sealed)


def read_secrets(folder: Path, organization_id: UUID, sealer: Sealer) -> Secrets:
    """Return what only the transfer key opens. Errors: BackupProblem."""
    try:
        sealed = (folder / SECRETS).read_bytes()
        document = orjson.loads(sealer.unwrap_secret(sealed, context=_context(organization_id)))
    except OSError as error:
        raise BackupProblem(f"{folder / SECRETS} cannot be read: {error.strerror}.") from error
    except BrokenSeal as error:
        raise BackupProblem(
            f"{folder / SECRETS} does not open: this is not the transfer key that it was written with."
        ) from error
    mark_key = document["markKey"]
    return Secrets(
        document["name"],
        None if mark_key is None else base64.b64decode(mark_key),
        {int(number): base64.b64decode(each) for number, each in document["logKeys"].items()},
        {kid: base64.b64decode(each) for kid, each in document["signingKeys"].items()},
    )


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _context(organization_id: UUID) -> str:
    return f"organization {organization_id}"
