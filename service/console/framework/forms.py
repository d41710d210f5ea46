"""Forms as they were sent, and what is wrong with them; numbers in forms and addresses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from aiohttp import web

from schema.scim.errors import InvalidSyntax, UnsupportedMediaType
from service.http.body import read_bytes

FORM_TYPE = "application/x-www-form-urlencoded"
BYTES_MAX = 1_048_576
FIELDS_MAX = 5_000
DIGITS_MAX = 18  # A bigint of the database holds any such number.


def number_in(text: str | None) -> int | None:
    """Return a whole number from 0 on that a form or an address holds; None for anything else."""
    if text and text.isascii() and text.isdecimal() and len(text) <= DIGITS_MAX:
        return int(text)
    return None


@dataclass(slots=True)
class Form:
    """The fields of a form, and the errors that the page says at them.

    In a template, `form.value("label")` is what was typed and `form.errors.label` what is wrong with it.
    """

    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)  # Field → sentence; "" for the whole form.

    def value(self, name: str, default: str = "") -> str:
        """Return a field without blanks around it; the default if it was not sent."""
        found = self.fields.get(name)
        return found[-1].strip() if found else default

    def values(self, name: str) -> Sequence[str]:
        """Return all values of a field that may be sent several times."""
        return self.fields.get(name, ())

    def has(self, name: str, value: str) -> bool:
        """Return whether a field was sent with a value: for check boxes."""
        return value in self.values(name)

    def refuse(self, name: str, sentence: str) -> None:
        """Note what is wrong with a field. The first sentence at a field stays."""
        self.errors.setdefault(name, sentence)


async def read_form(request: web.Request) -> Form:
    """Return the form of a request. Errors: UnsupportedMediaType, PayloadTooLarge, InvalidSyntax."""
    if request.content_type != FORM_TYPE:
        raise UnsupportedMediaType(f"Send the form as {FORM_TYPE}.")
    sent = await read_bytes(request, BYTES_MAX)
    try:
        pairs = parse_qsl(
            sent.decode(), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX
        )
    except (UnicodeDecodeError, ValueError):
        raise InvalidSyntax("The form is not UTF-8, or has too many fields.") from None
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value.replace("\0", ""))
    return Form(fields)
