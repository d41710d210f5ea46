"""The one normalization under which texts that are not caseExact are equal."""

import unicodedata


def fold(text: str) -> str:
    """Return the form in which two texts compare equal without case.

    It serves uniqueness, filters (both readings) and sorting, so that they can never disagree.
    Entra matches userName and displayName without case (RFC 7643 §2.2 caseExact=false); accents count.
    """
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
