"""The texts of the console: English where they are used, translations from gettext catalogs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

from babel import Locale
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from markupsafe import Markup, escape

LANGUAGES: Final = {"en": "English", "fr": "Français"}
LOCALES: Final = {"en": Locale("en", "GB"), "fr": Locale("fr", "FR")}
UNKNOWN = "\u2013"
NARROW, FIXED = "\u202f", "\u00a0"  # Spaces that no line breaks at.
FRENCH_SPACES: Final = (
    (re.compile(r" ([;?!])"), rf"{NARROW}\1"),
    (re.compile(r" ([:»])"), rf"{FIXED}\1"),
    (re.compile(r"« "), f"«{FIXED}"),
    (re.compile(r" %"), f"{NARROW}%"),
)


class Phrase(NamedTuple):
    """A text that is chosen in one place and shown in another: `t(*phrase)`."""

    key: str
    english: str


Message = tuple[str, str]  # Context, which is the key of the text, and its English.


@cache
def catalog(language: str) -> Mapping[Message, tuple[str, ...]]:
    """Return the translations of a language: one text, or the singular and the plural. English has none."""
    folder = files(__package__.rpartition(".")[0]) / "locale" / language / "LC_MESSAGES"
    found: dict[Message, tuple[str, ...]] = {}
    if not folder.is_dir():
        return found
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if not file.name.endswith(".po"):
            continue
        with file.open("rb") as opened:
            for each in read_po(opened, locale=language):
                english = each.id[0] if isinstance(each.id, tuple | list) else each.id
                given = each.string if isinstance(each.string, tuple | list) else (each.string,)
                texts = [str(text or "") for text in given]
                if english and all(texts):
                    found[each.context or "", english] = tuple(map(typeset, texts))
    return found


def typeset(french: str) -> str:
    """Return a French text with the spaces that its punctuation wants."""
    for pattern, replacement in FRENCH_SPACES:
        french = pattern.sub(replacement, french)
    return french


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts in one language."""

    language: str

    @property
    def locale(self) -> Locale:
        """Return the locale that numbers and dates are written in."""
        return LOCALES[self.language]

    def t(self, key: str, english: str, /, **values: Any) -> Markup:
        """Return a text. Values take the place of names in braces; they are escaped, and numbers get separators."""
        text = (
            english
            if self.language == "en"
            else catalog(self.language).get((key, english), (english,))[0]
        )
        return Markup(text).format(**self._written(values)) if values else Markup(text)  # noqa: S704 - ours.

    def tn(self, key: str, one: str, many: str, /, *, n: int, **values: Any) -> Markup:
        """Return the text for a number: the singular or the plural. `{n}` is the number."""
        texts: tuple[str, ...] = (one, many)
        if self.language != "en":
            texts = catalog(self.language).get((key, one), texts)
        # French counts 0 and 1 as one, English 1.
        is_one = n == 1 or (n == 0 and self.language == "fr")
        text = texts[0] if is_one else texts[-1]
        return Markup(text).format(**self._written({**values, "n": n}))  # noqa: S704 - ours.

    def number(self, value: float | None) -> str:
        """Return a number with separators; a dash for one that is not known."""
        return UNKNOWN if value is None else format_decimal(value, locale=self.locale)

    def percent(self, share: float) -> str:
        """Return a share of 1 as a percentage."""
        return format_percent(share, locale=self.locale)

    def _written(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: self.number(value)
            if isinstance(value, int) and not isinstance(value, bool)
            else value
            for name, value in values.items()
        }


def bdi(text: object) -> Markup:
    """Return a name as an element of its own direction: its letters never turn the text around it."""
    return Markup("<bdi>") + escape(text) + Markup("</bdi>")
