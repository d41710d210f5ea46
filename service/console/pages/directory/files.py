"""What the files of lists refuse: parameters that are none, and more rows than a file holds."""

from service.api.problem import BadQuery
from service.console.framework.call import ConsoleCall
from service.console.pages.directory.words import CSV_MAX


def refuse_unknown(call: ConsoleCall, known: frozenset[str]) -> None:
    """Refuse a file with a parameter that is none: it would hold more than was asked for. Errors: BadQuery."""
    unknown = sorted(set(call.query) - known)
    if unknown:
        raise BadQuery(
            call.t("csv.unknown", "There is no parameter {name}. Remove it.", name=unknown[0][:60])
        )


def refuse_too_many(call: ConsoleCall, count: int) -> None:
    """Refuse a file that would be cut. Errors: BadQuery."""
    if count > CSV_MAX:
        raise BadQuery(
            call.t(
                "csv.too_many",
                "More than {n} rows match. Narrow the filters, or export the organization under Audit.",
                n=CSV_MAX,
            )
        )
