"""The fuzzer itself: it finds what is planted, and what it found can be played again.

A few seconds of it run here; `make fuzz MINUTES=10` is the real thing.
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from streams.channels.base import Adapter, Parsed, Request, SourceConfig
from streams.channels.chatwoot import Chatwoot
from streams.gateway.server import Gateway
from tests.conformance.vendors import Raw
from tests.examples import QUICK
from tests.fuzz.adapters import fuzz_adapters
from tests.fuzz.cases import Case, check_body, keep, load, of_body, of_pieces, pieces_of, raw_of
from tests.fuzz.gateway import door, fuzz_gateway, made, play, replay


def test_a_few_seconds_find_nothing(tmp_path: Path) -> None:
    seed = 20_260_921  # nightly runs take the hour
    assert fuzz_adapters(1 if QUICK else 6, seed, tmp_path) == []
    assert fuzz_gateway(1 if QUICK else 4, seed, tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_an_exception_that_leaves_an_adapter_is_found_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse(self: Adapter, request: Request, source: SourceConfig) -> Parsed:
        if b"null" in request.body:
            raise KeyError("planted")
        return Parsed(reason="Fine.", code="ignored")

    monkeypatch.setattr(Chatwoot, "parse", parse)
    [said] = fuzz_adapters(6, 1, tmp_path)
    assert said.startswith("chatwoot: KeyError") and "make fuzz CASE=" in said
    [path] = tmp_path.iterdir()
    case = load(path)
    with pytest.raises(KeyError):
        check_body(case.vendor, raw_of(case))
    monkeypatch.undo()
    check_body(case.vendor, raw_of(case))


def test_a_door_that_opens_too_wide_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Chatwoot, "verify", lambda *_: None)
    [said] = fuzz_gateway(30, 1, tmp_path)
    assert "chatwoot: a body that nobody signed was accepted" in said
    [path] = tmp_path.iterdir()
    with pytest.raises(AssertionError):
        asyncio.run(replay(pieces_of(load(path))))


def test_a_fault_of_the_gateway_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(Gateway, "_receive", broken)
    [said] = fuzz_gateway(30, 1, tmp_path)
    assert "answered [500" in said


async def test_a_genuine_request_gets_through_the_fuzzers_door() -> None:
    """Else it would try nothing."""
    async with door() as (gateway, log):
        taken = 0
        for number in range(400):
            await play(gateway, log, made(random.Random(number)))
            taken += len(log.taken)
        assert taken >= 20


def test_a_case_is_written_and_read(tmp_path: Path) -> None:
    for case in (
        of_body("chatwoot", Raw(b"\xff{", {"content-type": "x"})),
        of_pieces([b"a", b"", b"\x00"]),
    ):
        assert load(keep(case, tmp_path)) == case
    assert isinstance(case, Case)
