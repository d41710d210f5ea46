"""Writes rows as Apache Parquet, a row group at a time. The library for it is the extra `parquet`."""

import importlib
from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any, Final

from service.replay.documents import cell

GROUP_ROWS: Final = 5_000  # Of a row group: what stays in memory.


class NoParquet(Exception):
    """This installation cannot write Parquet: install scim-ledger with its extra, scim-ledger[parquet]."""


def load_library() -> tuple[ModuleType, ModuleType]:
    """Return pyarrow and its Parquet. They are loaded when they are needed, because they take a second. Errors: NoParquet."""
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise NoParquet(NoParquet.__doc__) from error


class ParquetFile:
    """A file that is taken away in pieces while rows are put in. A piece is the bytes that were made since the last."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._arrow, parquet = load_library()
        types = self._types()
        self._kinds = {name: types.get(name, self._arrow.string()) for name in columns}
        self._schema = self._arrow.schema(list(self._kinds.items()))
        self._sink = _Sink()
        self._writer = parquet.ParquetWriter(self._sink, self._schema, compression="zstd")
        self._rows: list[Mapping[str, Any]] = []

    def begin(self) -> bytes:
        """Return the first piece."""
        return self._sink.take()

    def put(self, rows: Iterable[Mapping[str, Any]]) -> bytes:
        """Put rows in; return a piece, which is often empty."""
        self._rows += rows
        while len(self._rows) >= GROUP_ROWS:
            group, self._rows = self._rows[:GROUP_ROWS], self._rows[GROUP_ROWS:]
            self._write(group)
        return self._sink.take()

    def end(self) -> bytes:
        """Return the last piece."""
        if self._rows:
            self._write(self._rows)
            self._rows = []
        self._writer.close()
        return self._sink.take()

    def _write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        arrow = self._arrow
        arrays = [
            arrow.array([self._value(each.get(name), kind) for each in rows], type=kind)
            for name, kind in self._kinds.items()
        ]
        self._writer.write_table(arrow.Table.from_arrays(arrays, schema=self._schema))

    def _value(self, value: Any, kind: Any) -> Any:
        if value is None or not self._arrow.types.is_string(kind):
            return value
        return value if isinstance(value, str) else cell(value)

    def _types(self) -> Mapping[str, Any]:
        arrow = self._arrow
        instant = arrow.timestamp("us", tz="UTC")
        return {
            "position": arrow.int64(),
            "recordedAt": instant,
            "since": instant,
            "active": arrow.bool_(),
            "groups": arrow.list_(arrow.string()),
        }


class _Sink:
    """What pyarrow writes to: a file that only grows."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._length = 0

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self._length += len(piece)
        return len(piece)

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken

    def tell(self) -> int:
        return self._length

    def flush(self) -> None:
        """Do nothing: nothing is held back."""

    def close(self) -> None:
        """Do nothing: the pieces are taken afterwards."""

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False
