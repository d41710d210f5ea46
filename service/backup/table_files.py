"""Write and read the file of one table: the text format of COPY, compressed, with a digest.

COPY's text format is the same in every version of Postgres, and each row is a line.
"""

import gzip
import hashlib
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.outages import Outage, classify
from service.backup.manifest import BackupProblem, TableFile, write_durably
from service.backup.tables import Table

# Sealed values do not shrink, ids and hashes do; the fastest level finds most of it.
COMPRESSION: Final = 1
BLOCK_BYTES: Final = 4_000_000  # In one statement when loading: some thousand events.
# Postgres refuses rows for what is in them.
OF_THE_ROWS: Final = frozenset({Outage.UNFIT, Outage.REFUSED, Outage.INCOMPLETE_ROW})

Report = Callable[[int], None]  # Rows since the last call.


async def write_table(
    connection: Connection,
    table: Table,
    folder: Path,
    report: Report,
    *,
    organization_id: UUID | None = None,
) -> TableFile:
    """Write the rows of a table, in the order of its primary key; return what was written. Errors: OSError.

    With `organization_id`, only the rows of this organization.
    """
    where = "" if organization_id is None else f" WHERE organization_id = '{organization_id}'"
    name = f"{table.full_name}.copy.gz"
    columns = ", ".join(f'"{each}"' for each in table.columns)
    order = ", ".join(f'"{each}"' for each in table.sorted_by or table.columns)
    digest, rows, size = hashlib.sha256(), 0, 0
    opened = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "wb") as raw:
        with gzip.GzipFile(
            filename="", mode="wb", compresslevel=COMPRESSION, fileobj=raw, mtime=0
        ) as file:

            async def take(block: bytes) -> None:
                nonlocal rows, size
                digest.update(block)
                file.write(block)
                size += len(block)
                rows += (some := block.count(b"\n"))
                report(some)

            await connection.copy_from_query(
                f"SELECT {columns} FROM {table.quoted}{where} ORDER BY {order}",  # noqa: S608 - from the catalog.
                output=take,
            )
        raw.flush()
        os.fsync(raw.fileno())
    return TableFile(
        schema_name=table.schema,
        name=table.name,
        columns=table.columns,
        file=name,
        rows=rows,
        bytes=size,
        sha256=digest.hexdigest(),
    )


def write_lines(
    table: Table, columns: Sequence[str], lines: Sequence[str], folder: Path
) -> TableFile:
    """Write rows that are lines of COPY's text format already. Errors: OSError."""
    name, block = f"{table.full_name}.copy.gz", "".join(lines).encode()
    write_durably(folder / name, gzip.compress(block, COMPRESSION, mtime=0))
    return TableFile(
        schema_name=table.schema,
        name=table.name,
        columns=tuple(columns),
        file=name,
        rows=len(lines),
        bytes=len(block),
        sha256=hashlib.sha256(block).hexdigest(),
    )


async def load_table(
    connection: Connection,
    table: TableFile,
    folder: Path,
    report: Report,
    *,
    staged: str | None = None,
    organization_id: UUID | None = None,
) -> None:
    """Load the rows of a file into its table. The caller owns the transaction, and rolls back on an error.

    `staged` names a temporary table to load instead. With `organization_id`, every row must be of this organization.
    Errors: BackupProblem if the file is not what the manifest says.
    """
    path, digest, rows, size = folder / table.file, hashlib.sha256(), 0, 0
    for block in blocks(path):
        digest.update(block)
        size += len(block)
        if size > table.bytes:
            break
        if organization_id is not None:
            refuse_others(block, table, organization_id)
        try:
            await connection.copy_to_table(
                staged or table.name,
                source=BytesIO(block),
                columns=table.columns,
                schema_name=None if staged else table.schema_name,
            )
        except asyncpg.PostgresError as error:
            if classify(error) not in OF_THE_ROWS:
                raise
            raise BackupProblem(f"{path} was changed: {error}.") from error
        rows += (some := block.count(b"\n"))
        report(some)
    if (rows, digest.hexdigest()) != (table.rows, table.sha256):
        raise BackupProblem(f"{path} was changed: it is not what the manifest says.")


def refuse_others(block: bytes, table: TableFile, organization_id: UUID) -> None:
    """Refuse rows of another organization. Errors: BackupProblem."""
    if "organization_id" not in table.columns:
        raise BackupProblem(f"{table.file} does not say whose its rows are.")
    place, wanted = table.columns.index("organization_id"), str(organization_id).encode()
    for row in block.splitlines():
        if row.split(b"\t", place + 1)[place : place + 1] != [wanted]:
            raise BackupProblem(f"{table.file} holds rows that are not of {organization_id}.")


def blocks(path: Path) -> Iterator[bytes]:
    """Yield the content of a file in blocks of whole lines. Errors: BackupProblem."""
    rest = b""
    try:
        with gzip.open(path, "rb") as file:
            while read := file.read(BLOCK_BYTES):
                whole, newline, after = read.rpartition(b"\n")
                if newline:
                    yield rest + whole + newline
                    rest = after
                else:
                    rest += read
    except (OSError, EOFError, zlib.error) as error:  # gzip's own errors are OSErrors.
        raise BackupProblem(f"{path} cannot be read: {error}.") from error
    if rest:
        yield rest
