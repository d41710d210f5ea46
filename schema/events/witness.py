"""The witness of a log, as a setting of its organization: where it is asked to cosign, and its public key."""

import base64
import binascii
import hashlib
import re
from typing import Any, Final
from urllib.parse import urlsplit

LEGAL: Final = (
    "an object of url (https or http, without user, query and fragment) and vkey (the witness's public key, "
    "<name>+<key id>+<base64>, of type 04: an Ed25519 cosignature)"
)
URL_CHARACTERS_MAX: Final = 500
# What can be printed in ASCII, without blanks and plus signs.
NAME: Final = re.compile(r"[!-*,-~]{1,200}")
COSIGNATURE: Final = 4  # The type of the key, which is its first byte.
KEY_BYTES: Final = 33


def is_witness(value: Any) -> bool:
    """Return whether a value is a whole setting of a witness."""
    return (
        isinstance(value, dict)
        and value.keys() == {"url", "vkey"}
        and all(isinstance(each, str) for each in value.values())
        and _is_url(value["url"])
        and _is_vkey(value["vkey"])
    )


def _is_url(text: str) -> bool:
    if (
        len(text) > URL_CHARACTERS_MAX
        or not text.isascii()
        or not text.isprintable()
        or " " in text
    ):
        return False
    try:
        parts = urlsplit(text)
        is_whole = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
    return (
        is_whole
        and parts.scheme in {"http", "https"}
        and "@" not in parts.netloc
        and not parts.query
        and not parts.fragment
        and text[-1] not in "?#"
    )


def _is_vkey(text: str) -> bool:
    name, _, rest = text.partition("+")
    identifier, _, material = rest.partition("+")
    try:
        octets = base64.b64decode(material, validate=True)
    except (binascii.Error, ValueError):
        return False
    digest = hashlib.sha256(name.encode() + b"\n" + octets).digest()
    return (
        NAME.fullmatch(name) is not None
        and len(octets) == KEY_BYTES
        and octets[0] == COSIGNATURE
        and digest[:4].hex() == identifier
    )
