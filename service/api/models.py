"""What all messages of our APIs share: camelCase, no unknown fields, pages and problems."""

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

LIMIT_MAX = 200
LIMIT = 50
RowT = TypeVar("RowT")


class Message(BaseModel):
    """A message: the body of a request or of an answer, or the parameters of a query."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        serialize_by_alias=True,
    )


class ListQuery(Message):
    """The parameters of every list."""

    limit: int = Field(LIMIT, ge=1, le=LIMIT_MAX, description="Rows on a page.")
    cursor: str | None = Field(
        None, max_length=2_000, description="The nextCursor of the page before."
    )


class Page(Message, Generic[RowT]):
    """A page of a list."""

    items: list[RowT]
    next_cursor: str | None = Field(
        None, description="Where the next page begins; null on the last page."
    )


class FieldProblem(Message):
    """What is wrong with one field of the body, or with one parameter of the query."""

    pointer: str | None = Field(None, description="The field, as a JSON Pointer (RFC 6901 §6).")
    parameter: str | None = Field(None, description="The parameter of the query.")
    detail: str


class Problem(Message):
    """Why a request was refused (RFC 9457)."""

    type: str = Field(description="The kind of problem: it stays the same in all releases.")
    title: str
    status: int
    detail: str = Field(description="What to change.")
    request_id: str = Field(
        description="The id that the service gave the request, as in events and log lines: quote it to the operator."
    )
    errors: list[FieldProblem] | None = None

    def document(self) -> dict[str, Any]:
        """Return the problem as JSON, without what it does not have."""
        return self.model_dump(mode="json", exclude_none=True)
