"""Whatever fits the description of our APIs, or just misses it, is answered as the description says."""

import os
import secrets
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis import Case, GenerationMode
from yarl import URL

from service.app import described
from service.callers.scopes import MEANINGS
from tests.admin.client import PROBLEM, with_scope
from tests.fuzz import INPUTS
from tests.serving import Served, make_tenant

INPUTS_IN_A_TEST = 60
DOCUMENT: dict[str, Any] = orjson.loads(described())
FOUND: list[Any] = list(schemathesis.openapi.from_dict(DOCUMENT).get_all_operations())
OPERATIONS = [each.ok() for each in FOUND]
STATUSES = Counter[int]()
TRIED = set[tuple[str, str]]()
CASES = st.sampled_from(OPERATIONS).flatmap(
    lambda operation: st.sampled_from(list(GenerationMode)).flatmap(
        lambda mode: operation.as_strategy(generation_mode=mode)
    )
)


@pytest.fixture(scope="module")
async def token(served: Served) -> str:
    """Give a token of an organization of its own, with all scopes."""
    tenant = await make_tenant(served.runtime, f"Schemathesis {secrets.token_hex(6)}")
    return with_scope(served, tenant, " ".join(MEANINGS))


@pytest.fixture(scope="module", autouse=True)
def closing_line(pytestconfig: pytest.Config) -> Iterator[None]:
    """Print at the end what was tried: how many requests to how many operations, and their answers."""
    yield
    if reporter := pytestconfig.pluginmanager.get_plugin("terminalreporter"):
        answers = ", ".join(f"{count} x {status}" for status, count in sorted(STATUSES.items()))
        reporter.write_line("")
        reporter.write_line(
            f"schemathesis {schemathesis.__version__}: {sum(STATUSES.values())} requests to {len(TRIED)} of "
            f"{len(OPERATIONS)} operations: {answers}"
        )


@given(case=CASES)
@settings(
    max_examples=int(os.environ.get(INPUTS, INPUTS_IN_A_TEST)),
    deadline=None,
    derandomize=INPUTS not in os.environ,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
async def test_every_request_is_answered_as_described(
    served: Served, token: str, case: Case[Any]
) -> None:
    sent = case.as_transport_kwargs(base_url=f"http://127.0.0.1:{served.port}")
    query = urlencode(sent.get("params") or {}, doseq=True, errors="replace")
    url = URL(f"{sent['url']}?{query}" if query else sent["url"], encoded=True)
    body = sent.get("data") or (orjson_or_none(sent["json"]) if "json" in sent else None)
    headers = {"Authorization": f"Bearer {token}"}
    if case.media_type:
        headers["Content-Type"] = case.media_type
    async with served.session.request(case.method, url, data=body, headers=headers) as response:
        content = await response.read()

    STATUSES[response.status] += 1
    TRIED.add((case.method, case.path))
    assert response.status < 500, (case.method, url, body, content)
    declared = DOCUMENT["paths"][case.path][case.method.lower()]["responses"]
    if response.status >= 400:
        assert response.headers["Content-Type"] == PROBLEM, (case.method, url)
        return
    answer = declared[str(response.status)]
    found = answer.get("content", {})
    if "application/json" in found:
        schema = {**found["application/json"]["schema"], "components": DOCUMENT["components"]}
        Draft202012Validator(schema).validate(orjson.loads(content))


def orjson_or_none(value: Any) -> bytes | None:
    """Return a value as JSON; None if it cannot be written."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return None
