"""Order rows in SQL, and read what comes after or before a row, without counting rows (RFC 9865)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from projections.directory.queries.columns import SORTED_LENGTH_MAX, Column, Kind, Table
from projections.directory.queries.filter_sql import elements, in_element, json_column, keys_of
from schema.scim.errors import InvalidPath
from schema.scim.filter.comparison import comparable_path, is_never_returned
from schema.scim.filter.literal import UnfitError
from schema.scim.resource_type import AttributePath

SQL_TYPES = {
    Kind.TEXT: "text",
    Kind.LOCATION: "text",
    Kind.UUID: "uuid",
    Kind.BOOLEAN: "boolean",
    Kind.INSTANT: "timestamptz",
    Kind.JSON: "jsonb",
}


DIRECTIONS = {False: "ASC NULLS LAST", True: "DESC NULLS FIRST"}  # Key: whether the order descends.


@dataclass(frozen=True, slots=True)
class Edge:
    """The first or last row of a page: its sort key as text (None: it has no value) and its id."""

    key: str | None
    id: UUID


@dataclass(frozen=True, slots=True)
class Stretch:
    """A contiguous range of rows in an order: a condition on `r`, and its parameters."""

    condition: str
    values: list[object] = field(default_factory=list)


ALL = Stretch("TRUE")


@dataclass(frozen=True, slots=True)
class Order:
    """An order of a table's rows: by an expression, then by id.

    RFC 7644 §3.4.2.3: rows without a value come last in ascending order, and first in descending order.
    A descending order is the ascending one read backward, including the ids. One index serves both.
    """

    sql: str | None  # None: by id alone.
    sql_type: str = "text"
    is_descending: bool = False
    is_backward: bool = False

    @property
    def key(self) -> str:
        """Return the SQL of a row's sort key, as text."""
        return f"({self.sql})::text" if self.sql else "NULL::text"

    @property
    def text_key(self) -> str:
        """Return the SQL of the sort key for merging tables; NULL if the key is no text."""
        is_text = self.sql and self.sql_type in ("text", "uuid")
        return f"({self.sql})::text" if is_text else "NULL::text"

    @property
    def number_key(self) -> str:
        """Return the SQL of the sort key for merging tables, as a number or boolean; NULL if the key is a text."""
        match self.sql_type:
            case "boolean" | "jsonb":
                return f"to_jsonb({self.sql})"
            case "timestamptz":
                return f"to_jsonb(extract(epoch FROM {self.sql}))"
            case _:
                return "NULL::jsonb"

    @property
    def by(self) -> str:
        """Return what follows ORDER BY."""
        ids = "r.id DESC" if self.descends else "r.id"
        return f"{self.sql} {DIRECTIONS[self.descends]}, {ids}" if self.sql else ids

    @property
    def descends(self) -> bool:
        """Return whether rows are read from large to small."""
        return self.is_descending != self.is_backward

    def beyond(self, edge: Edge, first_parameter: int) -> list[Stretch]:
        """Return the stretches of rows beyond an edge, in order.

        Rows with a value and rows without one are separate stretches. Each is then one range of an index.
        """
        descends = self.descends
        sign, edge_id = "<" if descends else ">", f"${first_parameter}::uuid"
        if self.sql is None:
            return [Stretch(f"r.id {sign} {edge_id}", [edge.id])]
        without_value, with_value = (
            Stretch(f"{self.sql} IS NULL"),
            Stretch(f"{self.sql} IS NOT NULL"),
        )
        if edge.key is None:
            rest = Stretch(f"{self.sql} IS NULL AND r.id {sign} {edge_id}", [edge.id])
            return [rest, with_value] if descends else [rest]
        key = f"${first_parameter + 1}::text::{self.sql_type}"
        rest = Stretch(f"({self.sql}, r.id) {sign} ({key}, {edge_id})", [edge.id, edge.key])
        return [rest] if descends else [rest, without_value]


def order_of(
    table: Table, sort: AttributePath | None, *, is_descending: bool, is_backward: bool = False
) -> Order:
    """Return the order that sortBy and sortOrder ask for. Errors: InvalidPath."""
    if sort is None:
        return Order(None, "text", False, is_backward)
    column = _sort_column(sort, table)
    is_text = column.kind in (Kind.TEXT, Kind.LOCATION)
    sql = f'({column.sql} COLLATE "C")' if is_text else f"({column.sql})"
    return Order(sql, SQL_TYPES[column.kind], is_descending, is_backward)


def _sort_column(path: AttributePath, table: Table) -> Column:
    """Return the value that a row is sorted by. Of several values, it is the primary one, or else the first.

    Only the beginning of a text decides, then the id. The cursor carries the text, and must stay short.
    The SQL contains names of attributes, quoted.
    Errors: InvalidPath, if the attribute is complex and has no `value`, or if it is never returned.
    """
    if is_never_returned(path):
        raise InvalidPath(f"{path} is never returned, so nothing can be sorted by it.")
    try:
        comparable = comparable_path(path)
    except UnfitError as error:
        raise InvalidPath(f"sortBy: {error}.") from None
    if column := table.columns.get(str(comparable)):
        return column  # It is indexed, so it is short enough.
    column = _json_sort_column(comparable, table)
    is_text = column.kind is Kind.TEXT
    return replace(column, sql=f"left({column.sql}, {SORTED_LENGTH_MAX})") if is_text else column


def _json_sort_column(path: AttributePath, table: Table) -> Column:
    if not path.attribute.multi_valued:
        return json_column(table.json, _quoted(keys_of(path)), path.target)
    whole, within = replace(path, sub_attribute=None), in_element(path)
    if rows := table.rows.get(str(whole)):
        least = f'min({rows.columns[str(within)].sql}::text COLLATE "C")'
        return Column(f"(SELECT {least} FROM {rows.sql})", Kind.TEXT)  # noqa: S608 - fixed fragments.
    values = f"({table.json} #> {_quoted(keys_of(whole))})"
    first = (
        f"coalesce(jsonb_path_query_first({values}, '$[*] ? (@.primary == true)'), {values} -> 0)"
    )
    return elements(path, first).columns.get(str(within)) or json_column(
        first, _quoted(keys_of(within)), within.target
    )


def _quoted(keys: Sequence[str]) -> str:
    """Return keys as an SQL literal. The keys come from schemas, never from clients."""
    return f"ARRAY[{', '.join(_quote(key) for key in keys)}]"


def _quote(text: str) -> str:
    if "\\" in text:
        raise AssertionError(text)  # RFC 7643 §2.1 gives names no backslash.
    return "'" + text.replace("'", "''") + "'"
