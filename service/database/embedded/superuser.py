"""The superuser of the embedded PostgreSQL: its password, in a file beside the server's folder, and who may connect.

The file is for the account of the service only. If the service runs as root, the server runs under another
account, and other processes of that account cannot read it.
"""

import os
import secrets
from pathlib import Path
from threading import Event

from service.database.embedded.account import Account, run
from service.database.logins.given import SERVICE_ROLE
from service.database.logins.scram import new_password, verifier
from service.database.master_key import sync_folder

SUPERUSER = "postgres"
FILE = "postgres.password"
# Connections come through the socket only. Each line: the kind, the database, the login, how it proves who it is.
RULES = (
    "# Written at every start of the service.",
    f"local all {SUPERUSER} scram-sha-256",
    f"local all +{SERVICE_ROLE} scram-sha-256",
)


def password_of(folder: Path) -> str | None:
    """Return the password for the server of a folder; None if a former release made it without one."""
    try:
        return (folder.parent / FILE).read_text("ascii").strip()
    except FileNotFoundError:
        return None


def make_password(folder: Path, account: Account, stop: Event | None = None) -> None:
    """Give the superuser a password, in a folder whose server does not run. Errors: EmbeddedPostgresError, Stopped."""
    password = new_password()
    file = folder.parent / FILE
    draft = file.with_name(f".{FILE}.{secrets.token_hex(8)}")
    opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(opened, "w", encoding="ascii") as written:
            written.write(f"{password}\n")
            written.flush()
            os.fsync(written.fileno())
        run(
            account,
            *("postgres", "--single", "-D", str(folder), "-c", "exit_on_error=on", "postgres"),
            sent=f"ALTER ROLE {SUPERUSER} PASSWORD '{verifier(password)}'\n",
            stop=stop,
        )
        draft.replace(file)
        sync_folder(file.parent)
    finally:
        draft.unlink(missing_ok=True)
