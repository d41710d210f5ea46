"""The JSON Schema of an event in the documentation is that of the code, and events fit it."""

import orjson
from jsonschema import Draft202012Validator

from service.feed.event import FeedEvent
from tests.admin.client import Admin
from tests.house.source import text

PAGE = "docs/reference/feed-event.schema.json"


def schema() -> dict[str, object]:
    """Return the schema of an event, as it is published."""
    made = FeedEvent.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def test_the_published_schema_is_that_of_the_code() -> None:
    assert orjson.loads(text(PAGE)) == schema()


async def test_every_event_of_a_log_fits_the_schema(feed: Admin) -> None:
    published = Draft202012Validator(orjson.loads(text(PAGE)))

    items = (await feed.get("/events?limit=500")).body["items"]

    assert items
    for each in items:
        published.validate(each)
