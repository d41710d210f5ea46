"""The master key, as a setting or a file gives it. Which of several keys a database needs, `service/keys` finds out."""

import base64
import binascii
import os
import secrets
from pathlib import Path

from eventstore.sealing.sealer import KEY_BYTES

SETTING = "SCIM_LEDGER_MASTER_KEY"
HOW_TO_MAKE_ONE = "`openssl rand -base64 32` makes one"


class KeyProblem(Exception):
    """A key is missing or wrong; the message says what to change."""


def load_master_key(*, setting: str | None, key_file: Path, create: bool = True) -> bytes:
    """Return the master key: from the setting, else from the file. If `create`, a missing file is made.

    Errors: KeyProblem.
    """
    if setting is not None:
        return decoded(setting, SETTING)
    if create and not key_file.exists():
        try:
            make_key_file(key_file)
        except FileExistsError:
            pass  # Another process was faster: use the key it made.
        except OSError as error:
            raise KeyProblem(
                f"{key_file} cannot be made: {error.strerror}. Set SCIM_LEDGER_DATA_DIR to a folder "
                f"that this account may write to, or set {SETTING}."
            ) from error
    return read_key_file(key_file)


def decoded(text: str, where: str) -> bytes:
    """Return the key that a text holds in base64."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise KeyProblem(f"{where} is not base64: {HOW_TO_MAKE_ONE}.") from error
    if len(key) != KEY_BYTES:
        raise KeyProblem(f"{where} holds {len(key)} bytes, not {KEY_BYTES}: {HOW_TO_MAKE_ONE}.")
    return key


def make_key_file(key_file: Path) -> None:
    """Write a new key to a file that only its owner may read. The file appears complete or not at all.

    Errors: FileExistsError if another process was faster.
    """
    key_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = key_file.with_name(f".{key_file.name}.{secrets.token_hex(8)}")
    opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, key_file)  # Unlike a rename, it refuses to overwrite.
    finally:
        draft.unlink()
    sync_folder(key_file.parent)


def sync_folder(folder: Path) -> None:
    """Flush a folder to disk: a new file name in it then survives a power cut."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def read_key_file(key_file: Path) -> bytes:
    """Return the key in a file, which only its owner may be allowed to read. Errors: KeyProblem."""
    try:
        if key_file.stat().st_mode & 0o077:
            raise KeyProblem(f"Others may read {key_file}: run `chmod 600 {key_file}`.")
        return decoded(key_file.read_text("ascii"), str(key_file))
    except FileNotFoundError as error:
        raise KeyProblem(
            f"There is no master key: set {SETTING}, or restore {key_file}. "
            "For a new database, scim-ledger serve makes one."
        ) from error
    except OSError as error:
        raise KeyProblem(f"{key_file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise KeyProblem(f"{key_file} is not base64: {HOW_TO_MAKE_ONE}.") from error


def is_key_at_hand(*, setting: str | None, key_file: Path) -> bool:
    """Return whether a master key is given here, whether or not it is the database's."""
    return setting is not None or key_file.exists()
