"""Read rows of a table by the span of the log that they belong to."""

from collections.abc import Sequence
from uuid import UUID

from eventstore.read_streams import Span
from projections.fold import Table


def rows_of_span(
    name: str, table: Table, span: Span, columns: Sequence[str] | None = None
) -> tuple[str, tuple[UUID, UUID, UUID]]:
    """Return the query for the rows of a table that belong to a span's streams, and its arguments.

    `columns` are those that are read, by default all. The search path says in which schema the table is.
    """
    # Composed from our own names. A file per table would repeat the same text eleven times.
    query = (
        f"SELECT {', '.join(columns or table.columns)} FROM {name} "  # noqa: S608
        f"WHERE organization_id = $1 AND {table.stream} BETWEEN $2 AND $3"
    )
    return query, (span.organization_id, span.first, span.last)
