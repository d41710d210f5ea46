"""The one normalization under which texts that are not caseExact are equal, and which texts are blank."""

import unicodedata

UNSEEN = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})  # Unicode's categories of what shows nothing.
FILLERS = frozenset(
    "\u034f\u115f\u1160\u2800\u3164\uffa0\u17b4\u17b5"
)  # Letters and symbols without ink.
# They choose how the character before them looks, and are nothing without one.
SELECTORS = frozenset(
    map(chr, [*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])
)


def fold(text: str) -> str:
    """Return the form in which two texts compare equal without case: in lower case, composed (NFC).

    It serves uniqueness, filters (both readings) and sorting, so that they can never disagree.
    Entra matches userName and displayName without case (RFC 7643 §2.2 caseExact=false); accents count.
    It is no case folding: that takes ß for ss, and would link weiß@ with weiss@, who is somebody else.
    Lower case comes first, since it can take letters apart (H̱): the form of the form is itself.
    """
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", text.lower())


def is_blank(text: str) -> bool:
    """Tell whether a text shows nothing: white space, control and format characters of any script."""
    return all(
        unicodedata.category(each) in UNSEEN or each in FILLERS or each in SELECTORS
        for each in text
    )
