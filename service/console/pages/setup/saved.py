"""How far the set-up of an organization has come, in Postgres: another administrator can go on."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from eventstore.postgres.statements import statements_in
from service.ids import as_id

statement = statements_in(__package__)

ENTRA: Final = "entra"
OKTA: Final = "okta"


@dataclass(frozen=True, slots=True)
class Setup:
    """The set-up of an organization: what was chosen, which steps are done, since when a step has listened."""

    provider: str = ENTRA
    account_id: UUID | None = None
    credential_id: UUID | None = (
        None  # Of a token or of an OAuth client: requests are counted by it.
    )
    role_source: str = "expression"  # expression, groups, app-roles or none.
    cases: tuple[tuple[str, str], ...] = ()  # Job title and role.
    default_role: str = "Reader"
    done: frozenset[str] = frozenset()  # Steps.
    since: dict[str, datetime] = field(default_factory=dict)  # Step → when it began to listen.

    def finished(self, step: str, **changed: Any) -> "Setup":
        """Return the set-up with a step done, and with what was chosen in it."""
        return replace(self, done=self.done | {step}, **changed)

    def listening(self, step: str, at: datetime) -> "Setup":
        """Return the set-up with a step that listens from an instant on."""
        return replace(self, since={**self.since, step: at}, done=self.done - {step})


async def read_setup(pool: asyncpg.Pool, organization_id: UUID) -> Setup:
    """Return how far a set-up has come; its beginning, if nobody has begun it."""
    async with pool.acquire() as connection:
        row = await connection.fetchrow(statement("find_setup"), organization_id)
    return Setup() if row is None else _read(row["provider"], orjson.loads(row["state"]))


async def save_setup(pool: asyncpg.Pool, organization_id: UUID, setup: Setup) -> None:
    """Save how far a set-up has come."""
    state = {
        "account": setup.account_id,
        "credential": setup.credential_id,
        "roleSource": setup.role_source,
        "cases": setup.cases,
        "defaultRole": setup.default_role,
        "done": sorted(setup.done),
        "since": setup.since,
    }
    async with pool.acquire() as connection:
        await connection.execute(
            statement("save_setup"),
            organization_id,
            setup.provider,
            orjson.dumps(state, default=str).decode(),
        )


def _read(provider: str, state: dict[str, Any]) -> Setup:
    return Setup(
        provider,
        as_id(state.get("account") or ""),
        as_id(state.get("credential") or ""),
        state.get("roleSource", "expression"),
        tuple((title, role) for title, role in state.get("cases", ())),
        state.get("defaultRole", "Reader"),
        frozenset(state.get("done", ())),
        {
            step: datetime.fromisoformat(at).astimezone(UTC)
            for step, at in state.get("since", {}).items()
        },
    )
