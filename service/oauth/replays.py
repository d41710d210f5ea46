"""Notes which assertions were used, so that a stolen one is worth nothing: in Postgres, for all processes."""

import hashlib
from datetime import datetime

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from service.oauth.errors import InvalidClient

statement = statements_in(__package__)


async def use_assertion(
    connection: Connection, issuer: str, jti: str, expires_at: datetime
) -> None:
    """Note that an assertion was used. `expires_at` is when it is refused as expired.

    Errors: InvalidClient if it was used before.
    """
    digest = hashlib.sha256(f"{issuer}\n{jti}".encode("utf-8", "surrogatepass")).digest()
    if not await connection.fetchval(statement("use_assertion"), digest, expires_at):
        raise InvalidClient("replayed", "The assertion was used before: its jti is known.")
