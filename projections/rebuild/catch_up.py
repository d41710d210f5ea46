"""Catch tables that do not serve up with the log: each event once, as an append or a follower writes it."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.read_streams import FIRST_ID, LAST_ID, Span, read_after, read_tails
from eventstore.sealing.sealer import Sealer
from projections.directory.fold import DIRECTORY_FOLD, Folded
from projections.directory.load import load_groups, load_holds, load_organization, load_users
from projections.directory.tables import TABLES
from projections.fold import Row, fold_streams, naming_broken_seals, take
from projections.followers.follower import advance
from projections.maintenance.builds import load_reached, save_reached
from projections.maintenance.context import RebuildContext
from schema.events.group import Group
from schema.events.hold import Hold
from schema.events.organization import Organization
from schema.events.user import User
from schema.scim.definitions import USER, user_type

statement = statements_in(__package__)
directory_statement = statements_in("projections.directory")
projections_statement = statements_in("projections")


STEP_EVENTS = 2_000  # In one transaction.
States = dict[UUID, Folded]


async def find_logs_behind(connection: Connection, schema: str) -> dict[UUID, tuple[int, int]]:
    """Return the logs that a schema is behind: the position that it has reached, and the log's end."""
    reached = await load_reached(connection, schema)
    tails = await read_tails(connection)
    return {
        each: (reached.get(each, 0), tail)
        for each, tail in tails.items()
        if tail > reached.get(each, 0)
    }


async def catch_up(
    context: RebuildContext, connection: Connection, organization_id: UUID, *, after: int
) -> int:
    """Catch up with one log by a step; return the position reached."""
    follower = context.projection.follower
    if follower is not None:
        in_schema = replace(follower.opening(context.sealer), name=context.schema)
        return await advance(connection, in_schema, organization_id, after=after)
    async with connection.transaction():
        return await catch_up_inline(context, connection, organization_id, after=after)


async def catch_up_inline(
    context: RebuildContext, connection: Connection, organization_id: UUID, *, after: int
) -> int:
    """Catch the directory up with one log by a step. The caller owns the transaction."""
    with naming_broken_seals():
        events = await read_after(
            connection, context.sealer, organization_id, after=after, limit=STEP_EVENTS
        )
    if not events:
        return after
    position: int = events[-1][0]["position"]
    await connection.execute(projections_statement("enter_schema"), context.schema)
    states = await load_states(connection, organization_id, {row["stream_id"] for row, _ in events})
    first_versions = {row["stream_id"]: row["version"] for row, _ in reversed(events)}
    # A person whose key was destroyed has no row to continue from.
    lost = [each for each, version in first_versions.items() if each not in states and version > 1]
    for row, personal in events:
        stream_id = row["stream_id"]
        if stream_id not in lost:
            take(states.setdefault(stream_id, Folded()), organization_id, row, personal)
    span = Span(organization_id, FIRST_ID, LAST_ID, position)
    again = await fold_again(connection, context.sealer, span, lost)
    await write_streams(
        connection, organization_id, states | again, whole=again, sealer=context.sealer
    )
    await save_reached(connection, context.schema, {organization_id: position})
    return position


async def fold_again(
    connection: Connection, sealer: Sealer, span: Span, lost: Collection[UUID]
) -> States:
    """Return streams, folded from their first event."""
    if not lost:
        return {}
    found = await fold_streams(connection, sealer, DIRECTORY_FOLD, span, lost)
    return {stream_id: folded for stream_id, folded in found if isinstance(folded, Folded)}


async def load_states(connection: Connection, organization_id: UUID, ids: set[UUID]) -> States:
    """Return the states of streams that have one, without the members of groups.

    The tables are those on the search path, as for all reads and writes here.
    """
    users, _ = await load_users(connection, organization_id, ids)
    groups = await load_groups(connection, organization_id, ids, {})
    holds = await load_holds(connection, organization_id, ids)
    states: Mapping[UUID, User | Group | Hold] = {**users, **groups, **holds}
    found: States = {each: Folded(state) for each, state in states.items()}
    # Always loaded, because it defines the attributes of users.
    organization = await load_organization(connection, organization_id, with_tokens=True)
    if organization is not None:
        found[organization_id] = Folded(organization)
    return found


async def write_streams(
    connection: Connection,
    organization_id: UUID,
    states: States,
    *,
    whole: Collection[UUID],
    sealer: Sealer,
) -> None:
    """Replace the rows of streams. Names are freed before they are taken again.

    `whole` are the streams that were folded from their first event. All their memberships are known.
    `states` includes the organization, if it exists.
    """
    await clear(connection, organization_id, states, whole)
    organization = states.get(organization_id, Folded()).state
    users = user_type(organization.schemas) if isinstance(organization, Organization) else USER
    made: dict[str, list[Row]] = {}
    for folded in states.values():
        for table, row in folded.rows(organization_id, users, sealer):
            made.setdefault(table, []).append(row)
    for table, records in made.items():
        await connection.copy_records_to_table(
            table, columns=TABLES[table].columns, records=records
        )


async def clear(
    connection: Connection, organization_id: UUID, states: States, whole: Collection[UUID]
) -> None:
    """Delete the rows of streams. Of a group's memberships, delete those that ended."""
    ids = list(states)
    for name in ("clear_users", "clear_former_users", "clear_groups", "clear_holds"):
        await connection.execute(statement(name), organization_id, ids)
    if whole:
        await connection.execute(statement("clear_losses"), organization_id, list(whole))
    if organization_id in states:
        await connection.execute(statement("clear_organization"), organization_id)
    groups = {
        each: folded.state for each, folded in states.items() if isinstance(folded.state, Group)
    }
    gone = {each for each, state in groups.items() if state.is_deleted} | set(whole)
    if gone:
        await connection.execute(statement("clear_memberships"), organization_id, list(gone))
    left = [(group, member) for group in groups for member in states[group].left]
    if left:
        columns = zip(*left, strict=True)
        await connection.execute(directory_statement("remove_members"), organization_id, *columns)
