"""Whatever of a signed request is changed, it is refused: of every vendor that the registry knows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.cloudevents import rfc3339
from streams.channels.base import Rejected, Request, SourceConfig
from streams.channels.registry import adapters
from tests.conformance.vendors import NOW_MS, NOW_S, URL, vendors
from tests.examples import examples

SAMPLES = vendors()
SIGNED = [name for name, module in SAMPLES.items() if module.SIGNS.startswith("body")]
TIMED = [name for name, module in SAMPLES.items() if module.SIGNS.endswith("time")]


def verified(
    vendor: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    secrets: tuple[str, ...] = (),
) -> Rejected | None:
    module = SAMPLES[vendor]
    call = module.CALL
    sent = {name.lower(): value for name, value in (headers or dict(call.headers)).items()}
    request = Request("POST", URL, sent, call.body if body is None else body, NOW_MS)
    source = SourceConfig("source", vendor, "acme", secrets or (str(module.SECRET),))
    return adapters()[vendor].verify(request, source)


@pytest.mark.parametrize("vendor", sorted(SAMPLES))
def test_unchanged_it_is_accepted(vendor: str) -> None:
    """Else the tests below would prove nothing."""
    assert verified(vendor) is None


@pytest.mark.parametrize("vendor", SIGNED)
def test_each_byte_of_the_body_counts(vendor: str) -> None:
    body = SAMPLES[vendor].CALL.body
    same = getattr(SAMPLES[vendor], "same", lambda one, other: one == other)
    for at in range(len(body)):
        for changed in (
            body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :],
            body[:at] + body[at + 1 :],
            body[:at] + b" " + body[at:],
        ):
            assert same(changed, body) or verified(vendor, changed) is not None, (at, changed)
    for changed in (body + b"\n", body + b"\x00", b"\xef\xbb\xbf" + body, body + body, b""):
        assert same(changed, body) or verified(vendor, changed) is not None, changed


@pytest.mark.parametrize("vendor", TIMED)
@pytest.mark.parametrize("shift_s", [1, -1, 60, -299])
def test_another_time_is_refused_though_it_is_fresh(vendor: str, shift_s: int) -> None:
    call = SAMPLES[vendor].CALL

    def shifted(text: str) -> str:
        moved = text.replace(str(NOW_S), str(NOW_S + shift_s))
        return moved.replace(rfc3339(NOW_MS)[:19], rfc3339(NOW_MS + shift_s * 1_000)[:19])

    headers = {name: shifted(value) for name, value in call.headers.items()}
    body = shifted(call.body.decode("latin-1")).encode("latin-1")
    assert headers != dict(call.headers) or body != call.body, "the signed time was not found"
    if headers != dict(call.headers):
        assert verified(vendor, headers=headers) is not None, "another signature opens the door"
    assert verified(vendor, body, headers) is not None


@pytest.mark.parametrize("vendor", sorted(SAMPLES))
def test_each_letter_of_the_secret_counts(vendor: str) -> None:
    secret = str(SAMPLES[vendor].SECRET)
    letters = [at for at, letter in enumerate(secret) if letter.isalnum()]
    if len(secret) > 100:
        # A public key: its frame may be written in several ways, its numbers not.
        letters = letters[len(letters) // 4 : -len(letters) // 4]
    for at in letters:
        other = secret[:at] + ("A" if secret[at] != "A" else "B") + secret[at + 1 :]
        assert verified(vendor, secrets=(other,)) is not None, at
        assert verified(vendor, secrets=(other, secret)) is None


@pytest.mark.parametrize("vendor", sorted(SAMPLES))
@examples(40)
@given(data=st.data())
def test_no_other_signature_will_do(vendor: str, data: st.DataObject) -> None:
    """Headers of another shape neither raise nor open the door."""
    call = SAMPLES[vendor].CALL
    kept = {"content-type", *adapters()[vendor].keep_headers}
    names = [name for name in call.headers if name.lower() not in kept]
    headers = dict(call.headers)
    for name in names:
        headers[name] = data.draw(
            st.text(max_size=80) | st.sampled_from([headers[name][:-2], headers[name] * 2, ""])
        )
    if names:
        assert verified(vendor, headers=headers) is not None, "another signature opens the door"
