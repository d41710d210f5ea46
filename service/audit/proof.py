"""The routes of the proof: the checkpoint, proofs of inclusion and consistency, the keys, evidence."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

from eventstore.postgres.connection import Connection
from eventstore.proof.bundle import tlog_proof
from eventstore.proof.notes import decoded
from eventstore.trees.extend import Contradicted
from eventstore.trees.logs import LogState
from eventstore.trees.prove import NoProof, prove_consistency, prove_inclusion
from schema.scim.errors import NotFound
from service.api.call import Call
from service.api.sending import is_head, no_pieces, pieces, send_file
from service.audit.parameters import read_period
from service.audit.proof_messages import (
    CheckpointQuery,
    ConsistencyProof,
    ConsistencyQuery,
    EvidenceQuery,
    InclusionProof,
    InclusionQuery,
    KeysAnswer,
)
from service.callers.stopped_logs import stopped
from service.http.answer import Answer
from service.proof.answers import checkpoint_of, cosigned_of, keys_document, load_signed
from service.proof.evidence import (
    IN_MEMORY_BYTES,
    ZIP,
    Wanted,
    evidence_name,
    silent,
    snapshot,
    write_evidence,
)

PLAIN: Final = "text/plain"
NOTE_TYPE: Final = "text/plain; charset=utf-8"


async def checkpoint(call: Call, query: CheckpointQuery) -> Answer:
    """GET /checkpoint."""
    find = cosigned_of if query.witnessed else checkpoint_of
    async with _proven(call) as (connection, state):
        note = await find(connection, state, query.size)
    return Answer(
        note.encode(), status=200, headers={"Cache-Control": "no-cache"}, media_type=NOTE_TYPE
    )


async def inclusion(call: Call, query: InclusionQuery) -> InclusionProof | Answer:
    """GET /proofs/inclusion."""
    async with _proven(call) as (connection, state):
        proof = await prove_inclusion(connection, state, query.position, query.size)
    if PLAIN not in call.request.headers.get("Accept", "") or proof["checkpoint"] is None:
        return InclusionProof.model_validate(proof)
    hashes = [decoded(each) for each in proof["hashes"]]
    text = tlog_proof(proof["index"], hashes, proof["checkpoint"])
    return Answer(text.encode(), status=200, headers={"Vary": "Accept"}, media_type=NOTE_TYPE)


async def consistency(call: Call, query: ConsistencyQuery) -> ConsistencyProof:
    """GET /proofs/consistency."""
    async with _proven(call) as (connection, state):
        proof = await prove_consistency(connection, state, query.first, query.second)
    return ConsistencyProof.model_validate(proof)


async def keys(call: Call) -> KeysAnswer:
    """GET /keys."""
    async with _proven(call) as (connection, state):
        return KeysAnswer.model_validate(await keys_document(connection, state))


async def evidence(call: Call, query: EvidenceQuery) -> web.StreamResponse:
    """GET /evidence: a bundle, which is whole before its first byte is sent."""
    since, until = read_period(query)
    wanted = Wanted(
        first=query.from_position,
        last=query.to_position,
        since=since,
        until=until,
        disclosure="subject" if query.subject else query.disclosure,
        subject_id=query.subject,
        consistent_with=query.since,
    )
    if is_head(call):
        return await send_file(call, ZIP, no_pieces())
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as file:
        try:
            made = await write_evidence(
                call.runtime,
                call.organization.id,
                wanted,
                file,
                provenance=call.provenance,
                report=silent,
            )
        except NoProof as error:
            raise NotFound(str(error)) from error
        except Contradicted as error:
            raise stopped(error.finding.code) from error
        headers = {
            **ZIP,
            "Content-Length": str(file.tell()),
            "Content-Disposition": f'attachment; filename="{evidence_name(call.organization.id, made.last)}"',
        }
        file.seek(0)
        return await send_file(call, headers, pieces(file))


@asynccontextmanager
async def _proven(call: Call) -> AsyncIterator[tuple[Connection, LogState]]:
    """Give the state of the caller's log, which has a checkpoint. Errors: NotFound, Unavailable."""
    try:
        async with snapshot(call.runtime) as connection:
            yield connection, await load_signed(connection, call.organization.id)
    except NoProof as error:
        raise NotFound(str(error)) from error
    except Contradicted as error:
        raise stopped(error.finding.code) from error
