"""What all events share: their shape, and the place that the log gives them."""

from datetime import datetime
from typing import Any, ClassVar, Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

Values = dict[str, Any]  # Attribute path (name, or URN:name) → new value; None removes it.

# Whether the guard counts who loses access by an event. Events of releases that had no guard do not say it.
TakesAccess = Literal[True] | None


class Event(BaseModel):
    """A fact. All its fields are public, except the `values` of a PersonalEvent, which are sealed."""

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, populate_by_name=True, extra="forbid"
    )
    schema_version: ClassVar[int] = 1


class PersonalEvent(Event):
    """A fact that carries personal values; they are None once the person, or the organization, is erased."""

    values: Values | None = None


class Place(NamedTuple):
    """Where the log put an event: all that `evolve` may know besides the event itself.

    It is a tuple because a rebuild makes one for each event: a frozen dataclass takes three times as long.
    """

    stream_id: UUID
    version: int  # In the stream, from 1: SCIM's meta.version.
    position: int  # In the organization's log, from 1.
    recorded_at: datetime
    source: str  # The door, as eventstore names it: scim, api, cli or system.


def with_values(document: Values, values: Values) -> Values:
    """Return a document with values put at their attribute paths; None removes an attribute."""
    changed = {**document, **values}
    touched: dict[str, Values] = {}  # The extensions that changed, each copied once.
    for path, value in values.items():
        if ":" in path:
            del changed[path]
            container, _, name = path.rpartition(":")
            inner = touched.get(container)
            if inner is None:
                inner = touched[container] = dict(document.get(container, ()))
            if value is None:
                inner.pop(name, None)
            else:
                inner[name] = value
        elif value is None:
            del changed[path]
    for container, inner in touched.items():
        if inner:
            changed[container] = inner
        else:
            changed.pop(container, None)
    return changed


def difference(before: Values, after: Values) -> Values:
    """Return the values that lead from one document to another; `with_values` applies them."""
    if not before:
        return _flat(after)
    # Most attributes stay as they are: only those of an extension that changed are looked at one by one.
    moved = {key: value for key, value in after.items() if before.get(key) != value}
    old = {key: before[key] for key in before if key in moved or key not in after}
    former, new = _flat(old), _flat(moved)
    changed = {path: value for path, value in new.items() if former.get(path) != value}
    return changed | {path: None for path in former if path not in new}


def _flat(document: Values) -> Values:
    """Return a document as attribute path → value, each attribute of an extension under its own path."""
    flat: Values = {}
    for key, value in document.items():
        if ":" in key:
            flat |= {f"{key}:{name}": each for name, each in value.items()}
        else:
            flat[key] = value
    return flat
