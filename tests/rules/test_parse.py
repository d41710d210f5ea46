"""Query parameters mean the same however they are encoded."""

from urllib.parse import parse_qsl, quote_plus

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from schema.scim.errors import InvalidFilter, InvalidValue
from service.scim.request import query_parameters


def parameters(raw: str) -> dict[str, str]:
    """Return the parameters of a request with this query."""
    return query_parameters(make_mocked_request("GET", f"/Users?{raw}"))


@given(name=st.text("aAé_ +", min_size=1, max_size=4), value=st.text(max_size=8))
def test_one_parameter_is_decoded_as_among_several(name: str, value: str) -> None:
    raw = f"{quote_plus(name)}={quote_plus(value)}"
    assert parameters(raw) == {name.lower(): value}
    assert parameters(f"{raw}&other=1") == {name.lower(): value, "other": "1"}


@pytest.mark.parametrize(
    "raw", ["aadOptscim062020", "filter=", "=x", "a=b=c", "a=%", "a=%zz", "a;b=1"]
)
def test_one_parameter_is_read_as_the_standard_library_reads_it(raw: str) -> None:
    assert parameters(raw) == {
        name.lower(): value for name, value in parse_qsl(raw, keep_blank_values=True)
    }


@pytest.mark.parametrize("raw", ["filter=%ff", "filter=%ff&count=1"])
def test_what_is_no_utf_8_is_refused(raw: str) -> None:
    with pytest.raises(InvalidValue, match="not UTF-8"):
        parameters(raw)


def test_two_filters_are_refused_since_none_of_them_may_be_forgotten() -> None:
    with pytest.raises(InvalidFilter, match="several filters"):
        parameters("filter=title+pr&Filter=active+eq+true")
    assert parameters("filter=title+pr&filter=title+pr") == {"filter": "title pr"}
