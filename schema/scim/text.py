"""How texts that are not caseExact are normalized to compare, and which texts are blank."""

import unicodedata

UNSEEN = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})  # Unicode's categories of invisible characters.
FILLERS = frozenset(
    "\u034f\u115f\u1160\u2800\u3164\uffa0"
)  # Letters and symbols that show nothing.


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
    """Return whether a text shows nothing: only white space, control and format characters of any script."""
    return all(unicodedata.category(each) in UNSEEN or each in FILLERS for each in text)
