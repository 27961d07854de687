"""What the vendor called, told by proxies that we trust, and by no others."""

from __future__ import annotations

import pytest

from streams.gateway.http import Incoming
from streams.gateway.proxies import PublicUrl
from streams.gateway.rate import Bucket
from streams.settings import Gateway


def url(settings: Gateway, peer: str = "10.0.0.1", secure: bool = False, **headers: str) -> str:
    request = Incoming(peer, secure=secure)
    request.target = "/v1/in/sms?a=1"
    request.headers = {"host": "inside:8080"} | {k.replace("_", "-"): v for k, v in headers.items()}
    return PublicUrl(settings).of(request).removesuffix("/v1/in/sms?a=1")


X = Gateway(trusted_proxies=("10.0.0.0/8", "2001:db8::/32"))
F = Gateway(trusted_proxies=("10.0.0.0/8", "2001:db8::/32"), proxy_headers="forwarded")


def test_without_a_proxy_it_is_what_was_asked() -> None:
    assert url(Gateway()) == "http://inside:8080"
    assert url(Gateway(), secure=True) == "https://inside:8080"


def test_the_setting_is_above_all() -> None:
    settings = Gateway(public_url="https://hooks.example.com/", trusted_proxies=("10.0.0.0/8",))
    assert (
        url(settings, x_forwarded_proto="http", x_forwarded_host="evil")
        == "https://hooks.example.com"
    )


@pytest.mark.parametrize("peer", ["192.0.2.7", "", "not an address", "::1"])
def test_a_stranger_is_not_believed(peer: str) -> None:
    told = {
        "x_forwarded_proto": "https",
        "x_forwarded_host": "evil",
        "forwarded": "proto=https;host=evil",
    }
    assert url(X, peer, **told) == url(F, peer, **told) == "http://inside:8080"


@pytest.mark.parametrize("peer", ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::7"])
def test_a_trusted_proxy_is_believed(peer: str) -> None:
    assert (
        url(X, peer, x_forwarded_proto="https", x_forwarded_host="hooks.example.com")
        == "https://hooks.example.com"
    )
    assert url(
        F, peer, forwarded='For="[2001:db9::1]:4711";Proto=https;Host="hooks.example.com:8443"'
    ) == ("https://hooks.example.com:8443")


def test_the_port_counts_where_it_is_not_the_schemes_own() -> None:
    told = {"x_forwarded_proto": "https", "x_forwarded_host": "h"}
    assert url(X, x_forwarded_port="443", **told) == "https://h"
    assert url(X, x_forwarded_port="8443", **told) == "https://h:8443"
    assert url(X, x_forwarded_port="x", **told) == "https://h"


def test_of_several_hops_the_nearest_that_is_not_ours_tells() -> None:
    """The client wrote the first one himself; our outer proxy saw him and added the second."""
    assert (
        url(
            X,
            x_forwarded_for="198.51.100.1, 203.0.113.9, 10.0.0.7",
            x_forwarded_proto="gopher, https, http",
            x_forwarded_host="evil, hooks.example.com, inside",
        )
        == "https://hooks.example.com"
    )
    assert url(
        F,
        forwarded="for=198.51.100.1;proto=gopher;host=evil, for=203.0.113.9;proto=https;"
        'host="hooks.example.com", for=10.0.0.7;proto=http;host=inside',
    ) == "https://hooks.example.com"  # fmt: skip


def test_the_header_that_our_proxy_does_not_write_is_not_read() -> None:
    assert url(X, forwarded="proto=https;host=evil") == "http://inside:8080"
    assert url(F, x_forwarded_proto="https", x_forwarded_host="evil") == "http://inside:8080"


@pytest.mark.parametrize(
    "text", ["", ",", ";;", "for", 'host="', "=", 'a="b\\"c";host=x,', "for=_hidden"]
)
def test_nonsense_changes_nothing_or_little(text: str) -> None:
    assert url(F, forwarded=text).startswith("http://")


def test_a_bucket_gives_twice_its_rate_at_once_and_then_its_rate() -> None:
    bucket = Bucket(10, 0.0)
    assert [bucket.wait_s(0.0) for _ in range(21)] == [0] * 20 + [1]
    assert bucket.wait_s(0.05) == 1 and bucket.wait_s(0.11) == 0
    taken = sum(bucket.wait_s(1.0 + n / 1_000) == 0 for n in range(10_000))
    assert 95 <= taken <= 112
