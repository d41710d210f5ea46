"""How texts that are not caseExact are normalized to compare, and which texts are blank."""

import unicodedata

# Unicode's categories of invisible characters.
UNSEEN = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})
# Letters and symbols that show nothing.
FILLERS = frozenset("\u034f\u115f\u1160\u2800\u3164\uffa0\u17b4\u17b5")
# They choose how the character before them looks, and are nothing without one.
SELECTORS = frozenset(
    map(chr, [*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])
)


def fold(text: str) -> str:
    """Return the form in which two texts compare equal without case: in lower case, composed (NFC).

    Uniqueness, filters (both readings) and sorting all use it, so they can never disagree.
    Entra matches userName and displayName without case (RFC 7643 §2.2 caseExact=false); accents count.
    This is not Unicode's case folding, which turns ß into ss and would link weiß@ with weiss@, another person.
    Lower-casing comes first, because it can decompose letters (H̱); so to fold twice changes nothing.
    """
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", text.lower())


def is_blank(text: str) -> bool:
    """Return whether a text shows nothing: white space, control and format characters of any script."""
    return all(
        unicodedata.category(each) in UNSEEN or each in FILLERS or each in SELECTORS
        for each in text
    )
