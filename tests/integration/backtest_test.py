"""Backtests: a mapped log, canonical events, and the real call-centre log's published figures."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from streams.cli import main
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]

LOG = """Ticket;When;What;Customer;Agent;Text
T1;2024-03-01 09:00;mail in;ada@example.com;;Where is my parcel?
T1;2024-03-01 09:40;mail out;ada@example.com;Bo;On its way.
T1;2024-03-01 11:00;call in;ada@example.com;Cy;
T1;2024-03-01 11:10;solved;ada@example.com;Cy;
"""


def manual_mapping() -> str:
    """The mapping of docs/backtest.md, as a reader would copy it."""
    lines = (ROOT / "docs" / "backtest.md").read_text().splitlines()
    start = lines.index('    source = "desk"')
    block = []
    for line in lines[start:]:
        if line and not line.startswith("    "):
            break
        block.append(line.removeprefix("    "))
    return "\n".join(block)


def run(*arguments: str) -> dict[str, object]:
    done = CliRunner().invoke(main, ["backtest", "--json", *arguments])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_the_manuals_mapping_works_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(LOG)
    (tmp_path / "map.toml").write_text(manual_mapping())
    facts = tmp_path / "facts.jsonl"
    found = run(
        str(tmp_path / "log.csv"), "--mapping", str(tmp_path / "map.toml"), "--facts", str(facts)
    )
    assert found["rows_refused"] == 0
    kinds = found["facts"]
    assert kinds["channel.switched"]["asserted"] == 1  # type: ignore[index]
    assert kinds["journey.opened"]["asserted"] == 1  # type: ignore[index]
    kpis = {kpi["kpi"]: kpi for kpi in found["kpis"]}  # type: ignore[attr-defined]
    assert kpis["first_reply_time"]["value"] == 40 * 60_000
    assert len(facts.read_text().splitlines()) == sum(
        n
        for states in kinds.values()
        for n in states.values()  # type: ignore[attr-defined]
    )


def test_canonical_events_need_no_mapping(tmp_path: Path) -> None:
    from tests.story import answers, writes

    world = World()
    writes(world)
    answers(world)
    lines = [msgspec.json.encode(event) for event in world.events]
    (tmp_path / "events.jsonl").write_bytes(b"\n".join([*lines, b"{broken"]))
    found = run(str(tmp_path / "events.jsonl"))
    assert found["events"] == 2 and found["rows_refused"] == 1
    assert found["facts"]["reply.measured"]["asserted"] == 1  # type: ignore[index]


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        ("nothing = 1", "nothing"),
        ('source = "a"\n[[event]]\ntype = "x"', "needs `type` and `time`"),
        ('source = "a"\n[[event]]\ntype = "x"\ntime = "{Nope}"', "no column 'Nope'"),
        ("source = ", "is not TOML"),
    ],
)
def test_a_wrong_mapping_is_a_sentence(tmp_path: Path, mapping: str, sentence: str) -> None:
    (tmp_path / "log.csv").write_text(LOG)
    (tmp_path / "map.toml").write_text(mapping)
    done = CliRunner().invoke(
        main, ["backtest", str(tmp_path / "log.csv"), "--mapping", str(tmp_path / "map.toml")]
    )
    assert done.exit_code == 2
    assert sentence in done.output and "Traceback" not in done.output


def test_a_csv_without_a_mapping_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(LOG)
    done = CliRunner().invoke(main, ["backtest", str(tmp_path / "log.csv")])
    assert done.exit_code == 2 and "--mapping" in done.output


@pytest.mark.long
@pytest.mark.shared
def test_the_call_centre_logs_published_figures_to_the_digit(shared: Path) -> None:
    log = shared / "data" / "callcenter" / "callcenter.csv"
    found = run(str(log), "--mapping", str(ROOT / "examples" / "callcenter.toml"))
    figures = {one["name"]: one for one in found["figures"]}  # type: ignore[attr-defined]
    inside = figures["channel switches inside cases"]
    assert (inside["e-mail→phone"], inside["phone→e-mail"]) == (260, 136)
    whole = figures["channel switches over customers' whole timelines"]
    assert (whole["e-mail→phone"], whole["phone→e-mail"]) == (266, 150)
    inbound = figures["inbound channel switches inside cases"]
    assert (inbound["e-mail→phone"], inbound["phone→e-mail"]) == (24, 1)
    hands = figures["agent hand-overs inside cases"]
    assert (hands["n"], hands["groups"]) == (1_610, 748)
    lines = figures["hand-overs between the lines"]
    assert (lines["front line→back line"], lines["back line→front line"]) == (243, 141)
    first = figures["first response to an e-mail, min"]
    assert (first["n"], round(first["mean"], 4), first["median"]) == (378, 2607.3069, 2541.5)
    assert figures["cases with exactly one inbound event"]["n"] == 3_003
    assert figures["cases that use phone and e-mail"]["n"] == 226
    assert figures["exact duplicate rows"]["n"] == 2
    assert found["rows_refused"] == 0 and found["customers"] == 3_232


@pytest.mark.long
@pytest.mark.shared
def test_the_banks_published_figures_to_the_digit(shared: Path) -> None:
    log = shared / "data" / "bank" / "august_calls.csv"
    found = run(str(log), "--mapping", str(ROOT / "examples" / "bank.toml"))
    figures = {one["name"]: one for one in found["figures"]}  # type: ignore[attr-defined]

    def share(name: str) -> tuple[int, int, float]:
        return figures[name]["n"], figures[name]["of"], round(figures[name]["percent"], 4)

    outcomes = figures["calls by outcome"]["by"]
    assert {name: numbers["n"] for name, numbers in outcomes.items()} == {
        "AGENT": 31_402,
        "HANG": 10_366,
        "PHANTOM": 310,
    }
    assert share("queued calls that were abandoned") == (7_309, 25_701, 28.4386)
    assert share("offered calls that were abandoned") == (7_309, 38_711, 18.8809)
    assert figures["hung up before any queue"]["n"] == 3_057
    speed = figures["speed of answer over all answered, s"]
    assert (round(speed["mean"], 4), speed["median"]) == (73.8075, 19)
    wait = figures["wait of the abandoned, s"]
    assert (round(wait["mean"], 3), wait["median"], wait["max"]) == (88.938, 54, 2_405)
    assert share("answered within 20 s, of the offered")[2] == 40.9625
    assert share("answered within 60 s, of the offered")[2] == 52.7757
    assert figures["abandoned within 5 s"]["n"] == 351
    for hours, n in ((1, 1_381), (24, 2_400)):
        again = figures[f"abandoned calls of known customers, called again within {hours} h"]
        assert (again["n"], again["of"]) == (n, 3_864)
    assert figures["rows that cross midnight: a clock time before the call's first"]["n"] == 58
    assert found["rows_refused"] == 0


@pytest.mark.long
@pytest.mark.shared
def test_the_social_networks_published_figures_to_the_digit(shared: Path) -> None:
    log = shared / "data" / "social" / "tweets.csv"
    found = run(str(log), "--mapping", str(ROOT / "examples" / "social.toml"))
    figures = {one["name"]: one for one in found["figures"]}  # type: ignore[attr-defined]
    assert found["rows"] == 5_000 and found["rows_refused"] == 0
    assert figures["replies that stand before what they answer"]["n"] == 2_373
    assert figures["conversations (reply trees)"]["n"] == 1_312
    assert figures["conversations that begin with a customer's post"]["n"] == 1_285
    first = figures["first response as the brand's direct reply, s"]
    assert (first["n"], first["median"], round(first["mean"], 2)) == (1_154, 719.5, 11_284.01)
    by_brand = {brand: (one["n"], one["median"]) for brand, one in first["by"].items()}
    assert by_brand["ChipotleTweets"] == (167, 586)
    assert by_brand["AmazonHelp"] == (87, 565)
    assert by_brand["Uber_Support"] == (79, 1_242)
    assert by_brand["TMobileHelp"] == (34, 203.5)
