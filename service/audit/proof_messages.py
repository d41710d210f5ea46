"""The messages of the proof: what the format of the proof fixes, in JSON."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from service.api.models import Message
from service.audit.messages import INSTANT


class CheckpointQuery(Message):
    """Which checkpoint is wanted; the newest one without parameters."""

    size: int | None = Field(None, ge=1, description="A checkpoint of this size that was kept.")
    witnessed: bool = Field(False, description="The newest one that a witness has cosigned.")


class InclusionQuery(Message):
    """Which event is to be proved, in the tree of which size."""

    position: int = Field(ge=1, description="The event.")
    size: int | None = Field(None, ge=1, description="That of the newest checkpoint without it.")


class ConsistencyQuery(Message):
    """Which trees are to be compared."""

    first: int = Field(alias="from", ge=1, description="The size of the smaller tree.")
    second: int | None = Field(
        None, alias="to", ge=1, description="That of the newest checkpoint without it."
    )


class EvidenceQuery(Message):
    """What a bundle shall hold."""

    from_: str | None = Field(None, alias="from", description=INSTANT.format("its beginning"))
    to: str | None = Field(None, description=INSTANT.format("its end"))
    zone: str | None = Field(None, description="The IANA time zone of dates; UTC without it.")
    from_position: int | None = Field(None, ge=1)
    to_position: int | None = Field(None, ge=1)
    subject: UUID | None = Field(None, description="Disclose the values of this person only.")
    disclosure: Literal["full", "none"] = "full"
    since: int | None = Field(
        None, ge=1, description="Also prove that the checkpoint of this size is a prefix."
    )


class InclusionProof(Message):
    """The proof that an event is in a tree (RFC 9162 §2.1.3). Hashes are in base64, from the leaf upwards."""

    origin: str
    position: int
    index: int
    size: int
    leaf_hash: str
    root_hash: str
    hashes: list[str]
    checkpoint: str | None = Field(description="The note, if there is one of this size.")


class ConsistencyProof(Message):
    """The proof that a tree extends another (RFC 9162 §2.1.4)."""

    origin: str
    from_: int = Field(alias="from")
    to: int
    from_root_hash: str
    to_root_hash: str
    hashes: list[str]
    checkpoint: str | None = Field(description="The note, if there is one of this size.")


class DisclosureRow(Message):
    """The personal part of an event, and the salt that proves it."""

    personal: str
    salt: str | None


class EventLine(Message):
    """An event with every column of the log."""

    position: int
    organization_id: str
    stream_id: str
    version: int
    event_id: str
    type: str
    schema_version: int
    recorded_at: str
    actor_id: str
    token_id: str | None
    request_id: str
    source: str
    data: str
    sealed: str | None
    sealed_sha256: str | None = Field(alias="sealedSha256")
    subject_id: str | None
    leaf_hash: str
    disclosure: DisclosureRow | None
    erased: bool


class IntroductionRow(Message):
    """How a key was introduced: by an event, its proof, and a checkpoint that the former key signed too."""

    event: EventLine
    hashes: list[str]
    checkpoint: str


class KeyRow(Message):
    """A key, and the sizes of the checkpoints that it may sign."""

    vkey: str
    key_id: str
    algorithm: Literal["Ed25519"]
    use: Literal["log", "witness"]
    from_size: int
    to_size: int | None
    introduction: IntroductionRow | None


class KeysAnswer(Message):
    """Every key that ever signed for this log."""

    origin: str
    keys: list[KeyRow]
