"""What Postgres keeps of a password: a SCRAM-SHA-256 verifier (RFC 5802 §3, RFC 7677).

It is made here, so that no statement and no log of Postgres ever holds the password.
"""

import base64
import hashlib
import hmac
import os
import secrets

PASSWORD_BYTES = 32
SALT_BYTES = 16
# Iterations slow down whoever guesses a password. Nobody guesses 256 random bits, and each connection pays.
ITERATIONS_OF_RANDOM = 1
ITERATIONS = 4_096  # RFC 7677 §4, for passwords that people choose.


def new_password() -> str:
    """Return a password of 256 random bits, in letters that need no quoting."""
    return secrets.token_urlsafe(PASSWORD_BYTES)


def verifier(password: str, iterations: int = ITERATIONS_OF_RANDOM) -> str:
    """Return what CREATE ROLE … PASSWORD takes in place of the password, which must be ASCII."""
    salt = os.urandom(SALT_BYTES)
    salted = _salted(password.encode("ascii"), salt, iterations)
    stored_key = hashlib.sha256(_mac(salted, b"Client Key")).digest()
    server_key = _mac(salted, b"Server Key")
    keys = f"{_base64(stored_key)}:{_base64(server_key)}"
    return f"SCRAM-SHA-256${iterations}:{_base64(salt)}${keys}"


def _salted(password: bytes, salt: bytes, iterations: int) -> bytes:
    """Return Hi(password, salt, iterations) of RFC 5802 §2.2."""
    block = _mac(password, salt + b"\0\0\0\1")
    result = int.from_bytes(block)
    for _ in range(iterations - 1):
        block = _mac(password, block)
        result ^= int.from_bytes(block)
    return result.to_bytes(len(block))


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
