"""What the files of lists refuse: parameters that are none, and more rows than a file holds."""

from typing import Final

from service.api.problem import BadQuery
from service.console.framework.call import ConsoleCall

CSV_MAX: Final = 10_000  # Rows of a file. Read one more, and pass the number to refuse_too_many.
PIECE: Final = 1_000  # Rows of a file that are read at a time.


def refuse_unknown(call: ConsoleCall, known: frozenset[str]) -> None:
    """Refuse a file with a parameter that is none: it would hold more than was asked for. Errors: BadQuery."""
    unknown = sorted(set(call.query) - known)
    if unknown:
        raise BadQuery(
            call.t("csv.unknown", "There is no parameter {name}. Remove it.", name=unknown[0][:60])
        )


def refuse_too_many(call: ConsoleCall, count: int, most: int | None = None) -> None:
    """Refuse a file that would be cut: there are more than `most` rows, or CSV_MAX. Errors: BadQuery."""
    most = CSV_MAX if most is None else most
    if count > most:
        raise BadQuery(
            call.t(
                "csv.too_many",
                "More than {n} rows match. Narrow the filters, or export the organization under Audit.",
                n=most,
            )
        )
