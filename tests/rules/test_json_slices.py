"""Long JSON is parsed in slices: the result is the parser's own, and so is what is refused."""

import json
import time
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.scim import json_slices
from schema.scim.errors import InvalidSyntax, PayloadTooLarge
from schema.scim.json_slices import NAMES_MAX, NotJson, loads
from schema.scim.json_text import refuse_repeated_keys
from schema.scim.json_values import ValueCounter, count_values

TEXTS = st.text(st.sampled_from('ab"\\[]{},: ä\n'), max_size=6)
SCALARS = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=40,
)
INDENTS = st.sampled_from([None, 0, 3])
# What breaks JSON: each is put into a valid text, or takes the place of a part of it.
NOISE = st.text(st.sampled_from('"\\[]{},:1n \x00ä'), min_size=0, max_size=3)


def outcome(parse: Any, text: bytes) -> Any:
    """Return what a parser makes of a text, with the order of keys; or the kind of its refusal."""
    try:
        return as_text(parse(text))
    except InvalidSyntax:
        return "repeated"
    except (NotJson, orjson.JSONDecodeError):
        return "no JSON"


def as_text(value: Any) -> str:
    """Return a value as JSON, with the order of its keys; deep ones are only parsed."""
    try:
        return json.dumps(value)
    except RecursionError:
        return "deep"


def whole(text: bytes) -> Any:
    """Parse a text in one call."""
    value = orjson.loads(text)
    refuse_repeated_keys(text)
    return value


@pytest.fixture(autouse=True, scope="module")
def short_runs() -> Any:
    """Cut every few characters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_slices, "RUN_BYTES", 8)
        yield


@given(VALUES, INDENTS)
def test_slices_give_what_one_call_gives(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=indent == 0).encode()
    assert outcome(loads, text) == outcome(whole, text)


@given(VALUES, INDENTS, st.integers(0, 200), st.integers(0, 3), NOISE)
def test_slices_refuse_what_one_call_refuses(
    value: Any, indent: int | None, place: int, gone: int, noise: str
) -> None:
    text = json.dumps(value, indent=indent).encode()
    broken = text[:place] + noise.encode() + text[place + gone :]
    assert (outcome(loads, broken) == "no JSON") == (outcome(whole, broken) == "no JSON")


@pytest.mark.parametrize(
    "text",
    [
        b'{"aaaaaaaa": 1, "bbbbbbbb": 2, "AAAAaaaa": 3}',
        b'{"aaaaaaaa": [1,2,3,4,5,6,7,8], "bbbbbbbb": 2, "aaaaaaaA": [1,2,3,4,5,6,7,8]}',
        b'{"a":1,"b":{"ccccccccc":1},"a":{"dddddddd":1}}',
        b'[1,2,3,4,5,6,{"dddddddd":1,"DDDDDDDD":2}]',
    ],
)
def test_a_key_given_twice_is_found_across_slices(text: bytes) -> None:
    with pytest.raises(InvalidSyntax, match="is given twice"):
        loads(text)


def test_keys_that_are_value_paths_compare_with_case() -> None:
    text = b'{"emails[value eq \\"a\\"]": 1, "emails[value eq \\"A\\"]": 2}'
    assert len(loads(text)) == 2


@pytest.mark.parametrize("depth", [1_024, 1_025])
def test_depth_is_bounded_as_by_the_parser(depth: int) -> None:
    text = b"[1," * depth + b"1" + b"]" * depth
    assert (outcome(orjson.loads, text) == "no JSON") == (depth > 1_024)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_slices, "refuse_repeated_keys", lambda _: None)
        assert (outcome(loads, text) == "no JSON") == (depth > 1_024)


def test_a_refusal_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotJson, match="at byte 12"):
        loads(b"[1,2,3,4,5,x,7,8,9,10]")
    with pytest.raises(NotJson, match="line 1 column 4"):
        loads(b"[1,x]")
    monkeypatch.setattr(json_slices, "TOKEN_BYTES_MAX", 20)
    with pytest.raises(PayloadTooLarge, match="more than two megabytes"):
        loads(b'["' + b"x" * 30 + b'"]')


def test_no_slice_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_slices, "RUN_BYTES", 65_536)
    longest = 0.0

    parse = json_slices._parsed

    def timed(*run: Any) -> Any:
        nonlocal longest
        began = time.thread_time()
        value = parse(*run)
        longest = max(longest, time.thread_time() - began)
        return value

    member = {"value": "019a0000-0000-7000-8000-00000000000a", "type": "User", "display": "x" * 60}
    body = {"displayName": "a", "members": [member] * 20_000, "externalId": "b"}
    monkeypatch.setattr(json_slices, "_parsed", timed)
    assert loads(json.dumps(body).encode()) == body
    assert longest < 0.02


def count(text: bytes, size: int) -> int:
    """Return the count of a text that comes in pieces of a size."""
    counter = ValueCounter(10**9)
    for begin in range(0, len(text), size):
        counter.add(text[begin : begin + size])
    return counter.count


def values_in(value: Any) -> tuple[int, int]:
    """Return how many members and elements a value has in all, and how many containers."""
    if not isinstance(value, list | dict):
        return 0, 0
    inner = [values_in(each) for each in (value.values() if isinstance(value, dict) else value)]
    return len(inner) + sum(each[0] for each in inner), 1 + sum(each[1] for each in inner)


@given(VALUES, INDENTS, st.integers(1, 9))
def test_values_are_counted_outside_strings(value: Any, indent: int | None, size: int) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False).encode()
    members, containers = values_in(value)
    assert members <= count(text, size) <= members + containers


def test_too_many_values_are_refused_before_they_are_parsed() -> None:
    count_values(b"[1,2,3]", 3)
    count_values(b'["' + b"," * 100_000 + b'"]', 10)
    with pytest.raises(PayloadTooLarge, match="more than 10 JSON values"):
        count_values(b"[{},{},{},{},{},{},{}]", 10)


def test_an_object_has_a_bounded_number_of_names() -> None:
    names = [b'"%x":0' % number for number in range(NAMES_MAX + 1)]
    assert len(loads(b"{" + b",".join(names[:-1]) + b"}")) == NAMES_MAX
    with pytest.raises(PayloadTooLarge, match="65,536 names"):
        loads(b"{" + b",".join(names) + b',"x":[]}')
    with pytest.raises(PayloadTooLarge, match="65,536 names"):
        loads(b'[{"x":{' + b",".join(names) + b"}}]")
