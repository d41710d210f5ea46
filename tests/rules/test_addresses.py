"""Which addresses may be asked for keys."""

import pytest

from service.oauth.addresses import is_public


@pytest.mark.parametrize("address", ["8.8.8.8", "20.190.159.0", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])  # fmt: skip
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",  # noqa: S104 - nobody listens.
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
        ),
        *("169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
        *("198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b:1::1"),
        *("2002:7f00:1::", "2002:a00:1::", "2001:0:7f00:1::", "2001:db8::1", "::127.0.0.1"),
        *("", "localhost", "8.8.8", "0x7f000001", "2130706433"),
    ],
)
def test_an_address_of_our_own_network_is_not(address: str) -> None:
    assert not is_public(address)
