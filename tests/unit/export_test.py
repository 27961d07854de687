"""Cycles as rows: what a spreadsheet gets, and that it adds up to the scorecard's figures."""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from schemas.common import Actor, Party
from schemas.events import FeedbackReceived, QueueEntered, QueueLeft, TransferReported
from schemas.facts import Fact, FactBase, JourneyOpened, JourneyResolved
from streams.admin.export import cycles, write
from streams.cli import main
from streams.kpis.cells import decode
from streams.kpis.rows import COLUMNS, rows
from tests.lanes import Lanes
from tests.property.continuity_properties_test import end, history
from tests.property.journeys_properties_test import TALKS, long_history
from tests.story import answers, resolves, writes
from tests.world import HOUR, MINUTE, World

FOREVER = 1 << 53


def table(facts: Iterable[Any], since_ms: int = 0, until_ms: int = FOREVER) -> list[dict[str, Any]]:
    return list(cycles(facts, since_ms, until_ms))


def told() -> World:
    """She writes, is passed on, writes a mail, is answered and content; and comes back."""
    world = World()
    writes(world)
    world.now += 2 * MINUTE
    answers(world)
    world.now += MINUTE
    world.event(
        TransferReported, conversation="chat-1", channel="chat", actor=Actor("system"), kind="warm",
        phase="started", to=Party(agent="yan"), from_=Party(agent="zoe"),
    )  # fmt: skip
    world.now += MINUTE
    writes(world, "email")
    world.now += 4 * MINUTE
    answers(world, "email", actor=Actor("agent", "yan"))
    world.now += MINUTE
    for conversation, channel in (("chat-1", "chat"), ("email-1", "email")):
        resolves(world, conversation, channel)
    world.event(
        FeedbackReceived, conversation="email-1", channel="email", instrument="csat", score=4.0,
        scale_min=1.0, scale_max=5.0,
    )  # fmt: skip
    world.wait(HOUR)
    writes(world, "email")
    return world


def test_a_cycle_is_a_row() -> None:
    first, second = table(told().history)
    assert set(first) == set(COLUMNS)
    assert {name: first[name] for name in COLUMNS if first[name] not in {None, 0}} == {
        "domain": "acme", "customer": first["customer"], "journey": f"{first['customer']}.1",
        "cycle": 1, "opened_at": "2026-09-21T09:00:00.000Z", "initiated_by": "customer",
        "state": "resolved", "channels": "chat>email", "agents": "zoe|yan", "conversations": 2,
        "contacts": 2, "first_reply_s": 120.0, "replies": 2, "switches": 1, "forced_switches": 1, "transfers": 1,
        "promises_kept": first["promises_kept"], "promises_broken": first["promises_broken"],
        "resolved_at": "2026-09-21T09:09:00.000Z", "resolved_by": "status", "resolution_s": 540.0,
        "fcr": "no", "csat": 4.0, "csat_best": 5.0,
    }  # fmt: skip
    assert (second["cycle"], second["state"], second["channels"]) == (2, "open", "email")
    assert second["first_reply_s"] is None and second["resolved_at"] is None


def test_only_what_began_in_the_span_and_of_the_domain() -> None:
    facts = told().history
    opened, again = (row["opened_at"] for row in table(facts))
    begun_ms = next(fact.at_ms for fact in facts if isinstance(fact, JourneyOpened))
    assert [row["opened_at"] for row in table(facts, begun_ms, begun_ms + 1)] == [opened]
    assert [row["opened_at"] for row in table(facts, begun_ms + 1)] == [again]
    assert list(cycles(facts, 0, FOREVER, "beta")) == []


def test_the_last_word_counts_in_whatever_order_it_is_read() -> None:
    """Partitions are read side by side: a journey that moved has facts in two of them."""
    facts = told().history
    assert max(fact.revision for fact in facts) > 1
    for seed in range(20):
        mixed = random.Random(seed).sample(facts, len(facts))
        assert table(mixed) == table(facts)


def test_a_stay_in_a_queue_is_a_wait_and_may_be_an_abandonment() -> None:
    world = World()
    call = {"conversation": "call-1", "channel": "voice", "identifiers": ()}
    world.event(QueueEntered, **call, queue="orders")
    world.now += MINUTE
    world.event(QueueLeft, **call, queue="orders", outcome="abandoned")
    [row] = table(world.history)
    assert (row["queue_wait_s"], row["abandoned"], row["queue"]) == (60.0, 1, "orders")


@pytest.mark.parametrize("seed", range(30))
def test_the_rows_add_up_to_the_figures(seed: int) -> None:
    """Of long journeys that are sealed in part, and of such as were joined on the way."""
    dice = random.Random(seed)
    lanes = Lanes(dice)
    events = history(dice) if seed % 2 else long_history(dice, dice.choice(TALKS), 120)
    for event in events:
        lanes.put(msgspec.structs.replace(event, customer=""))
    end(lanes, events[-1].recorded_ms)
    sums: Counter[tuple[str, str]] = Counter()
    for (text, _, _), amount in lanes.cells.items():
        cell = decode(text)
        sums[cell.kpi, cell.part] += amount
    found = table(lanes.facts.values())
    assert found
    counted = [row for row in found if row["fcr"] != "excluded"]
    for kpi, column, counting in (
        ("first_reply_time", "first_reply_s", found),
        ("resolution_time", "resolution_s", counted),
    ):
        given = [row[column] for row in counting if row[column] is not None]
        assert (len(given), round(sum(given) * 1_000)) == (sums[kpi, "n"], sums[kpi, "sum"])
    for kpi, column in (("switch_rate", "switches"), ("forced_switch_rate", "forced_switches")):
        assert sum(row[column] for row in found) == sums[kpi, "hit"]
    firsts = [row["fcr"] for row in found if row["cycle"] == 1]
    yes, no = firsts.count("yes"), firsts.count("no")
    assert (yes, yes + no) == (sums["fcr", "hit"], sums["fcr", "n"])
    cycles_told = {(f.journey, f.cycle) for f in lanes.facts.values() if f.state == "asserted"}
    assert cycles_told == {(row["journey"], row["cycle"]) for row in found}


def test_a_journey_that_was_joined_into_another_has_no_row() -> None:
    world = told()
    gone = [
        msgspec.structs.replace(f, revision=f.revision + 1, state="retracted")
        for f in world.facts.values()
    ]
    assert table([*world.history, *gone]) == []
    assert list(rows(_only(world.facts.values(), JourneyResolved))) == []


def _only(facts: Iterable[Fact], kind: type[FactBase]) -> list[Fact]:
    return [fact for fact in facts if isinstance(fact, kind)]


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["export", *words])
    assert "Traceback" not in done.output
    return done.exit_code, done.output


def facts_file(folder: Path) -> Path:
    file = folder / "facts.jsonl"
    lines = [msgspec.json.encode(fact) for fact in told().history]
    file.write_bytes(b"\n".join(lines) + b"\n")
    return file


def test_the_command_writes_what_a_backtest_has_found(tmp_path: Path) -> None:
    out = tmp_path / "cycles.csv"
    code, said = run("--facts", str(facts_file(tmp_path)), "--from", "2026-09-21", str(out))
    assert (code, said) == (0, f"2 cycles written to {out}.\n")
    with out.open(newline="", encoding="utf-8") as file:
        read = list(csv.DictReader(file))
    assert [row["cycle"] for row in read] == ["1", "2"]
    assert read[0]["first_reply_s"] == "120.0" and read[1]["first_reply_s"] == ""
    code, said = run("--facts", str(facts_file(tmp_path)), "--to", "2026-09-21T09:00", str(out))
    assert (code, said) == (0, f"0 cycles written to {out}.\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--facts", "nowhere.jsonl", "out.csv"), "nowhere.jsonl cannot be read: No such file"),
        (("--facts", "other.jsonl", "out.csv"), "Line 2 of other.jsonl is no fact"),
        (("--facts", "facts.jsonl", "away/out.csv"), "away/out.csv cannot be written: No such"),
    ],
)
def test_what_cannot_be_read_or_written_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    good = facts_file(tmp_path).read_bytes().splitlines()[0]
    (tmp_path / "other.jsonl").write_bytes(good + b"\n{}\n")
    code, said = run(*words)
    assert code == 1 and sentence in said
    assert not (tmp_path / "out.csv").exists() and not list(tmp_path.glob("*.part"))


def test_a_file_is_replaced_when_the_new_one_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("as it was")

    def breaks() -> Iterable[dict[str, Any]]:
        yield dict.fromkeys(COLUMNS, "x")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(breaks(), out)
    assert out.read_text() == "as it was" and list(tmp_path.iterdir()) == [out]


def test_the_page_names_every_column() -> None:
    page = (Path(__file__).parents[2] / "docs" / "kpis.md").read_text(encoding="utf-8")
    for name, meaning in COLUMNS.items():
        assert f"| `{name}` | {meaning} |" in page
