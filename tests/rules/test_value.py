"""Values are read as their attributes define them (RFC 7643 §2.3), and folded texts compare as equal."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.scim.attributes import read_schema
from schema.scim.definitions import GROUP, USER
from schema.scim.errors import InvalidValue
from schema.scim.resource_type import AttributePath, ResourceType
from schema.scim.text import fold, is_blank
from schema.scim.value import INDEXED_BYTES_MAX, INTEGER_MAX, read_part, read_value
from tests.rules.documents import FEW

KINDS = ("string", "boolean", "decimal", "integer", "dateTime", "reference", "binary")
EVERY_KIND = ResourceType(
    "Any",
    "/Any",
    read_schema(
        {
            "id": "urn:example:Any",
            "attributes": [
                *({"name": kind, "type": kind} for kind in KINDS),
                *({"name": f"{kind}s", "type": kind, "multiValued": True} for kind in KINDS),
            ],
        }
    ),
)


def path(name: str, resource_type: ResourceType = EVERY_KIND) -> AttributePath:
    """Return the attribute that a name means."""
    found = resource_type.find(name)
    assert found is not None
    return found


def read(name: str, value: Any) -> Any:
    """Return a value as read for an attribute that has the name of its type."""
    return read_value(path(name), value, [])


@pytest.mark.parametrize(
    ("kind", "sent", "known"),
    [
        ("string", " as Sent ", " as Sent "),
        ("string", 7, "7"),
        ("string", -(2**63), "-9223372036854775808"),
        ("string", 0, "0"),
        ("reference", "https://example.com/Jo", "https://example.com/Jo"),
        ("binary", "TUlJ", "TUlJ"),
        ("boolean", True, True),
        ("boolean", "TRUE", True),
        ("boolean", "False", False),
        ("integer", 0, 0),
        ("integer", "-7", -7),
        ("integer", INTEGER_MAX, INTEGER_MAX),
        ("integer", 7.0, 7),
        ("decimal", 0.5, 0.5),
        ("decimal", 3, 3),
        ("decimal", "1.5e3", 1500.0),
        ("dateTime", "2026-01-31T09:30:00Z", "2026-01-31T09:30:00Z"),
        ("dateTime", "2026-01-31T09:30:00.123+02:00", "2026-01-31T09:30:00.123+02:00"),
    ],
)
def test_a_value_that_fits_is_kept(kind: str, sent: Any, known: Any) -> None:
    read_one, read_many = read(kind, sent), read(f"{kind}s", [sent])

    assert (read_one, type(read_one)) == (known, type(known))
    assert read_many == [known]


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("string", 7.5),
        ("string", 7.0),
        ("string", True),
        ("string", [{"$ref": None}]),
        ("string", [{"value": {"value": "x"}}]),
        ("reference", 7),
        ("binary", 7),
        ("string", {"value": "x"}),
        ("boolean", "yes"),
        ("boolean", 1),
        ("boolean", " true"),
        ("integer", 1.5),
        ("integer", True),
        ("integer", "7.0"),
        ("integer", "１"),  # noqa: RUF001 - a full-width digit.
        ("integer", INTEGER_MAX + 1),
        ("integer", "9" * 5_000),
        ("decimal", "x"),
        ("decimal", "NaN"),
        ("decimal", "sNaN"),
        ("decimal", "Infinity"),
        ("decimal", "1e400"),
        ("decimal", False),
        ("dateTime", "yesterday"),
        ("dateTime", "2026-02-30T00:00:00Z"),
        ("dateTime", 1769851800),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name(kind: str, sent: Any) -> None:
    with pytest.raises(InvalidValue, match=f"^{kind} must be"):
        read(kind, sent)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("absent", [None, "", [], [""]])
def test_what_is_empty_is_absent(kind: str, absent: Any) -> None:
    assert read(kind, absent) is None
    assert read(f"{kind}s", absent) is None


@pytest.mark.parametrize(("kind", "sent"), [("boolean", False), ("integer", 0), ("decimal", 0)])
def test_false_and_zero_are_values(kind: str, sent: Any) -> None:
    assert read(kind, sent) == sent
    assert read(f"{kind}s", [sent]) == [sent]


def test_a_list_of_one_is_a_single_value() -> None:
    assert read("string", ["x"]) == "x"


@pytest.mark.parametrize("holder", [{"$ref": None}, {}, {"type": None, "display": "x"}], ids=str)
@pytest.mark.parametrize("key", ["value", "Value"])
@pytest.mark.parametrize(
    ("kind", "sent", "known"),
    [
        ("boolean", "False", False),
        ("boolean", True, True),
        ("string", "x", "x"),
        ("string", 7, "7"),
        ("integer", "7", 7),
        ("decimal", 0.5, 0.5),
        ("dateTime", "2026-01-31T09:30:00Z", "2026-01-31T09:30:00Z"),
        ("reference", "https://example.com", "https://example.com"),
        ("string", None, None),
        ("boolean", "", None),
    ],
)
def test_a_single_value_is_unwrapped(
    kind: str, sent: Any, known: Any, key: str, holder: dict[str, Any]
) -> None:
    assert read(kind, [{**holder, key: sent}]) == known


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("second", [None, {}, {"value": "x"}, ""], ids=str)
def test_a_list_of_two_wrapped_values_is_no_single_value(kind: str, second: Any) -> None:
    with pytest.raises(InvalidValue, match=f"{kind} takes a single value, not a list"):
        read(kind, [{"$ref": None, "value": None}, second])


def test_a_list_of_two_is_no_single_value() -> None:
    with pytest.raises(InvalidValue, match="string takes a single value, not a list"):
        read("string", ["x", "y"])


def test_a_single_value_is_a_list_of_one() -> None:
    assert read("strings", "x") == ["x"]


def test_a_value_of_a_list_may_come_in_an_object() -> None:
    assert read("strings", [{"value": "a"}, "b", {"$ref": None, "value": "c"}]) == ["a", "b", "c"]
    assert read("integers", {"value": "7"}) == [7]


def test_empty_values_in_a_list_are_left_out() -> None:
    assert read("strings", ["a", "", None, "b"]) == ["a", "b"]


def test_a_refusal_in_an_element_names_the_sub_attribute() -> None:
    with pytest.raises(InvalidValue, match=r"emails\.primary must be true or false"):
        read_value(path("emails", USER), [{"value": "x", "primary": "maybe"}], [])


@pytest.mark.parametrize(
    "name", ["emails", "phoneNumbers", "ims", "photos", "entitlements", "roles", "x509Certificates"]
)
@pytest.mark.parametrize("part", [read_value, lambda *given: [read_part(*given)]])
def test_a_plain_text_is_the_value_of_a_complex_attribute(name: str, part: Any) -> None:
    assert part(path(name, USER), "a@x", []) == [{"value": "a@x"}]
    assert read_value(path(name, USER), ["a@x", {"value": "b@x"}, "", None], []) == [
        {"value": "a@x"},
        {"value": "b@x"},
    ]


@pytest.mark.parametrize("sent", ["Main Street 1", ["Main Street 1"]])
def test_a_plain_text_is_no_address(sent: Any) -> None:
    with pytest.raises(InvalidValue, match="addresses must be an object"):
        read_value(path("addresses", USER), sent, [])


@pytest.mark.parametrize("element", [True, 7, [{"value": "x"}]])
def test_an_element_of_a_complex_attribute_is_an_object(element: Any) -> None:
    with pytest.raises(InvalidValue, match="emails must be an object"):
        read_value(path("emails", USER), [element], [])


@pytest.mark.parametrize("name", ["userName", "externalId", "displayName"])
def test_a_name_as_long_as_an_index_holds_is_kept(name: str) -> None:
    assert read_value(path(name, USER), "x" * INDEXED_BYTES_MAX, []) == "x" * INDEXED_BYTES_MAX


@pytest.mark.parametrize("name", ["userName", "externalId", "displayName"])
def test_a_longer_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidValue, match=f"{name} is longer than 800 bytes"):
        read_value(path(name, USER), "é" * (INDEXED_BYTES_MAX // 2) + "x", [])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("JO@EXAMPLE.COM", "jo@example.com"),
        ("STRAẞE", "Straße"),
        ("É", "e\u0301"),
        ("ΣΑΣ", "σας"),
        ("H\u0331", "\u1e96"),
        ("\u212a", "k"),
        ("\u212b", "å"),
        ("İ", "i\u0307"),
    ],
)
def test_texts_without_case_are_equal(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("weiss", "weiß"),
        ("WEISS", "WEIẞ"),
        ("fi", "\ufb01"),
        ("ffi", "\ufb03"),
        ("st", "\ufb05"),
        ("s", "\u017f"),
        ("k", "ĸ"),
        ("i", "\u0131"),
        ("i", "İ"),
        ("\u03c3", "\u03c2"),
        ("a", "\uff41"),
        ("2", "²"),
        ("\u0390", "\u03b9"),
        ("\u0149", "\u02bcn"),
    ],
)
def test_letters_that_only_resemble_others_are_not_equal_to_them(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@pytest.mark.parametrize("text", ["H\u0331", "J\u030c", "İ", "ΣΑΣ", "\u1fbc", "Ǆ", "ẞ", "\u0345"])
def test_the_form_of_a_form_is_itself(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(("one", "other"), [("Zoe", "Zoë"), ("jo ", "jo"), ("l", "1")])
def test_accents_and_blanks_count(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@FEW
@given(st.text())
def test_a_text_is_equal_however_it_is_composed(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(text)


@FEW
@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_takes_no_other_way(text: str) -> None:
    assert fold(text) == unicodedata.normalize("NFC", text.lower())


BLANK = [
    "",
    "   ",
    "\t",
    "\r\n",
    "\u00a0",
    "\u2003\u3000",
    "\u200b",
    "\ufeff",
    "\x00\x1f",
    "\x85",
    "\u17b4",
    "\ufe0f",
    "\U000e0100",
    "\u180b",
    "\u3164",
]


@pytest.mark.parametrize("text", BLANK, ids=ascii)
def test_a_text_of_nothing_to_be_seen_is_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", [" a", "\t1", "\u200b.", "é", "\U0001f600", "\u0301"], ids=ascii)
def test_one_character_to_be_seen_is_enough(text: str) -> None:
    assert not is_blank(text)


@pytest.mark.parametrize("sent", [*BLANK[1:], ["  "], [{"$ref": None, "value": "\t"}]], ids=ascii)
def test_a_blank_user_name_is_refused(sent: Any) -> None:
    with pytest.raises(InvalidValue, match="userName is blank"):
        read_value(path("userName", USER), sent, [])
    with pytest.raises(InvalidValue, match="displayName is blank"):
        read_value(path("displayName", GROUP), sent, [])


@pytest.mark.parametrize("name", ["externalId", "displayName", "title", "name.givenName"])
def test_other_blank_texts_of_a_user_come_back_as_sent(name: str) -> None:
    assert read_value(path(name, USER), " \t", []) == " \t"


def test_blanks_around_a_name_stay_as_sent() -> None:
    assert read_value(path("userName", USER), " ada\t", []) == " ada\t"
