"""Where a webhook may be: nobody reaches the operator's network through it."""

import socket

import pytest

from schema.scim.errors import InvalidValue
from service.webhooks.http import open_session, post
from service.webhooks.outcome import Outcome, outcome_of, wait_s
from service.webhooks.places import PlaceRules
from service.webhooks.secret import headers, make_secret, signature

PRIVATE = [
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://10.1.2.3/",
    "https://192.168.0.1:8443/x",
    "https://169.254.169.254/latest/meta-data/",
    "https://168.63.129.16/",
    "https://[::ffff:10.0.0.1]/",
    "https://[64:ff9b::a00:1]/",
    "https://localhost/",
    "https://api.localhost./",
    "http://127.0.0.1/",
    "http://example.com/",
]


@pytest.mark.parametrize("url", PRIVATE)
def test_a_private_place_is_refused(url: str) -> None:
    with pytest.raises(InvalidValue):
        PlaceRules().check("webhook", url)


@pytest.mark.parametrize("url", ["https://example.com/a?sig=b", "https://1.1.1.1:8443/"])
def test_a_public_place_is_not(url: str) -> None:
    PlaceRules().check("webhook", url)


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://example.com/"])
def test_plain_http_is_for_this_machine_only_where_private_addresses_are_allowed(url: str) -> None:
    PlaceRules(may_be_private=True).check("webhook", "http://localhost:8000/")
    with pytest.raises(InvalidValue):
        PlaceRules(may_be_private=True).check("webhook", url)


async def test_a_name_that_resolves_to_a_private_address_is_not_connected_to() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        port = listening.getsockname()[1]
        async with open_session(may_be_private=False) as session:
            found = await post(session, f"http://localhost:{port}/", b"{}", {})
        assert found == Outcome("away", "The host is at an address that is not public.")
        with pytest.raises(TimeoutError):
            listening.accept()


def test_the_signature_is_that_of_the_standard() -> None:
    # From the reference implementation's tests (standardwebhooks).
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    signed = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_two_secrets_make_two_signatures() -> None:
    in_use = [make_secret(), make_secret()]
    made = headers(in_use, "id", 1, b"{}")["webhook-signature"].split(" ")
    assert made == [signature(each, "id", 1, b"{}") for each in in_use]


@pytest.mark.parametrize(
    ("status", "what"),
    [
        *((each, "delivered") for each in (200, 204)),
        *((each, "refused") for each in (301, 400, 401, 404, 500)),
        *((each, "away") for each in (408, 429, 502, 503, 504)),
        (410, "gone"),
    ],
)
def test_a_status_says_what_came_of_an_attempt(status: int, what: str) -> None:
    assert outcome_of(status).what == what


def test_waits_double_up_to_five_minutes_and_obey_the_receiver() -> None:
    away = Outcome("away")
    assert [wait_s(each, away, 0.0) for each in (1, 2, 3, 4, 9, 10, 99)] == [
        1,
        2,
        4,
        8,
        256,
        300,
        300,
    ]
    assert wait_s(3, away, 1.0) == 2
    assert wait_s(1, outcome_of(429, "120"), 0.5) == 120
    assert wait_s(1, outcome_of(503, "999999"), 0.5) == 3_600
    assert wait_s(1, outcome_of(503, "Sat, 28 Nov 2026 15:00:00 GMT"), 0.0) == 1
