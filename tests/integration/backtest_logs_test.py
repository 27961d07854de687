"""Logs of other kinds and as people export them: the worked examples, and what is odd about files."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.backtest.fields import CONTROL, PERSONAL
from streams.backtest.figures import KINDS
from streams.backtest.join import JoinSpec
from streams.backtest.json_log import JsonForm
from streams.backtest.mapping_file import MappingFile
from streams.backtest.rows import CsvForm
from streams.backtest.sessions import SessionSpec
from streams.backtest.template import FILTERS
from streams.backtest.tree import TreeSpec
from streams.cli import main
from streams.policy import Policy

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

MAPPING = """source = "log"
[common]
time = "{at}"
conversation = "{case}"
channel = "chat"
actor = "customer"
identifiers = [{ kind = "crm", value = "{who}", trust = "asserted" }]
[[event]]
type = "message.posted"
message_id = "{#}"
direction = "inbound"
"""
TICK = (
    '{"type": "clock.tick", "id": "a", "source": "s", "channel": "web",'
    ' "actor": {"kind": "system"}, "time_ms": %s}'
)
ROWS = "case,at,who\nc1,2024-01-01T10:00:00Z,ada\nc2,2024-01-08T10:00:00Z,bo\n"


def invoke(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, ["backtest", *map(str, arguments)])
    return done.exit_code, done.stdout, done.output


def found(*arguments: object) -> dict[str, object]:
    code, out, everything = invoke("--json", *arguments)
    assert code == 0, everything
    return json.loads(out)  # type: ignore[no-any-return]


def example(name: str) -> tuple[dict[str, object], dict[str, dict[str, object]]]:
    answer = found(EXAMPLES / f"{name}.csv", "--mapping", EXAMPLES / f"{name}.toml")
    assert answer["rows_refused"] == 0 and answer["hints"] == []
    return answer, {one["name"]: one for one in answer["figures"]}  # type: ignore[attr-defined]


def standing(answer: dict[str, object], kind: str) -> int:
    return answer["facts_standing"].get(kind, 0)  # type: ignore[attr-defined, no-any-return]


def kpi(answer: dict[str, object], name: str) -> dict[str, object]:
    return next(one for one in answer["kpis"] if one["kpi"] == name)  # type: ignore[attr-defined]


@pytest.fixture
def log(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "log.csv").write_text(ROWS)
    (tmp_path / "map.toml").write_text(MAPPING)
    return tmp_path / "log.csv", tmp_path / "map.toml"


# Worked examples ------------------------------------------------------------------------


def test_incidents_are_handed_between_groups_and_reopened() -> None:
    answer, figures = example("incidents")
    hands = figures["hand-overs between groups"]
    assert (hands["n"], hands["groups"], hands["of"], hands["returns"]) == (3, 2, 4, 1)
    spans = figures["opened to last closed, h"]
    assert (spans["n"], spans["median"], spans["max"]) == (3, 72, 1_056)
    assert figures["incidents reopened"]["n"] == 1
    assert answer["customers"] == 3
    # The way back after five minutes is the bounce of the transfer before.
    assert standing(answer, "transfer.started") == 2
    assert kpi(answer, "transfer_success_rate")["value"] == 0.5
    assert standing(answer, "journey.reopened") == 1
    # 45 days without an act: found because the mapping says that needs last so long.
    assert standing(answer, "journey.resolved") == 4


def test_a_citys_requests_have_their_times_in_one_row() -> None:
    answer, figures = example("requests")
    assert kpi(answer, "volume")["n"] == 6
    resolution = kpi(answer, "resolution_time")
    hours = figures["opened to closed, h"]
    assert (hours["n"], hours["median"], hours["max"]) == (3, 48, 2_159)  # an hour less in spring
    assert resolution["n"] == 3
    assert resolution["value"] == pytest.approx(hours["mean"] * 3_600_000)  # type: ignore[operator]
    assert figures["closed when due"]["percent"] == 50
    assert figures["closed before they were opened"]["n"] == 1


def test_visitors_on_several_devices_are_one_person_once_they_log_in() -> None:
    answer, figures = example("visits")
    assert answer["customers"] == 2
    assert figures["sessions"]["n"] == 5
    assert figures["sessions"]["by"]["tablet"] == {"n": 2}  # type: ignore[index]
    assert figures["length of a session, s"]["max"] == 180
    assert standing(answer, "channel.switched") == 1


def test_two_systems_exports_are_one_history(tmp_path: Path) -> None:
    folder = EXAMPLES / "two_systems"
    events = tmp_path / "events.jsonl"
    answer = found(
        *sorted(folder.glob("*.csv")), "--events", events,
        "--mapping", folder / "calls.toml", "--mapping", folder / "tickets.toml",
    )  # fmt: skip
    assert answer["rows"] == 5 and answer["customers"] == 2 and answer["rows_refused"] == 0
    assert standing(answer, "channel.switched") == 2
    assert kpi(answer, "speed_of_answer")["value"] == 55_000
    assert kpi(answer, "csat")["n"] == 1
    again = found(events)
    assert again["events"] == answer["events"] and again["kpis"] == answer["kpis"]


# Files ----------------------------------------------------------------------------------


def test_rows_of_several_files_are_one_log(tmp_path: Path) -> None:
    """Same row numbers, and a thread that goes on in the next file."""
    (tmp_path / "map.toml").write_text(
        MAPPING
        + '[[event]]\ntype = "conversation.updated"\nlast_of = "{case}"\nstatus = "resolved"\n'
    )
    (tmp_path / "a.csv").write_text("case,at,who\nc1,2024-01-01T10:00:00Z,ada\n")
    (tmp_path / "b.csv").write_text("who,case,at\nada,c1,2024-01-01T10:01:00Z\n")
    answer = found(tmp_path / "a.csv", tmp_path / "b.csv", "--mapping", tmp_path / "map.toml")
    assert answer["events_by_type"] == {"message.posted": 2, "conversation.updated": 1}
    # A message that repeats another's id would be passed over as told twice.
    assert kpi(answer, "resolution_time")["value"] == 60_000


def test_two_mappings_of_one_source_do_not_take_each_others_events_for_repeats(
    log: tuple[Path, Path], tmp_path: Path
) -> None:
    csv, mapping = log
    mapping.write_text('files = ["log.csv"]\n' + MAPPING)
    (tmp_path / "more.csv").write_text(ROWS.replace("T10", "T11"))
    (tmp_path / "more.toml").write_text('files = ["more.csv"]\n' + MAPPING)
    answer = found(
        csv, tmp_path / "more.csv", "--mapping", mapping, "--mapping", tmp_path / "more.toml",
        "--events", tmp_path / "e.jsonl",
    )  # fmt: skip
    ids = {json.loads(line)["id"] for line in (tmp_path / "e.jsonl").read_text().splitlines()}
    assert len(ids) == answer["events"] == 4


def test_rows_that_stand_twice_happened_twice_unless_the_mapping_drops_them(
    log: tuple[Path, Path],
) -> None:
    csv, mapping = log
    csv.write_text(ROWS + "c2,2024-01-08T10:00:00Z, bo\nc2,2024-01-08T10:00:00Z,bob\n")
    assert found(csv, "--mapping", mapping)["events"] == 4
    mapping.write_text("drop_repeated = true\n" + MAPPING)
    answer = found(csv, "--mapping", mapping)
    assert (answer["rows"], answer["rows_skipped"], answer["events"]) == (4, 1, 3)


def test_several_mappings_name_their_files(log: tuple[Path, Path]) -> None:
    csv, mapping = log
    code, _, text = invoke(csv, "--mapping", mapping, "--mapping", mapping)
    assert code == 2 and "which files it is for" in text
    mapping.write_text('files = ["other*"]\n' + MAPPING)
    code, _, text = invoke(csv, "--mapping", mapping)
    assert code == 2 and "No mapping is for" in text


@pytest.mark.parametrize(
    ("encoding", "csv"),
    [
        ("utf-8-sig", ""),
        ("utf-16", '[csv]\nencoding = "utf-16"\n'),
        ("cp1252", '[csv]\nencoding = "cp1252"\n'),
    ],
)
def test_encodings(log: tuple[Path, Path], encoding: str, csv: str) -> None:
    path, mapping = log
    path.write_bytes(ROWS.replace("ada", "Zoé").encode(encoding))
    mapping.write_text(MAPPING.replace("[common]", csv + "[common]"))
    assert found(path, "--mapping", mapping)["customers"] == 2


def test_a_wrong_encoding_in_the_middle_is_a_sentence(log: tuple[Path, Path]) -> None:
    path, mapping = log
    path.write_bytes(ROWS.encode() * 5_000 + "c3,2024-01-01T10:00:00Z,Zoé\n".encode("cp1252"))
    code, _, text = invoke(path, "--mapping", mapping)
    assert code == 2 and "name its encoding under [csv]" in " ".join(text.split())


def test_quoted_newlines_and_delimiters_spaces_and_short_rows(log: tuple[Path, Path]) -> None:
    path, mapping = log
    path.write_text(
        '"case" ; at;"who;\nand why"\r\n'
        '"c\n1"; 2024-01-01T10:00:00Z ;"ada;\r\nagain"\r\n'
        "c2;2024-01-01T10:00:00Z\r\n\r\n;;\r\n"
    )
    mapping.write_text(MAPPING.replace("{who}", "{who;\\nand why}"))
    answer = found(path, "--mapping", mapping)
    assert (answer["rows"], answer["events"], answer["rows_refused"]) == (2, 2, 0)


def test_a_row_with_too_many_values_is_refused_and_the_rest_goes_on(
    log: tuple[Path, Path],
) -> None:
    path, mapping = log
    path.write_text(ROWS + "c3,2024-01-01T10:00:00Z,an,unquoted comma\n")
    answer = found(path, "--mapping", mapping)
    assert answer["rows_refused"] == 1 and answer["events"] == 2
    assert answer["mistakes"] == ["log.csv, row 3: 4 values for 3 columns."]


def test_a_quote_that_quotes_nothing(log: tuple[Path, Path]) -> None:
    path, mapping = log
    path.write_text(ROWS + 'c3,2024-01-01T10:00:00Z,"cy\nc4,2024-01-01T10:00:00Z,di\n')
    answer = found(path, "--mapping", mapping)
    assert (answer["rows"], answer["rows_refused"]) == (2, 1)
    assert answer["mistakes"][0].startswith("log.csv, after row 2: a quote never closes")
    mapping.write_text(MAPPING.replace("[common]", '[csv]\nquote = ""\n[common]'))
    answer = found(path, "--mapping", mapping)
    assert (answer["rows"], answer["rows_refused"]) == (4, 0)


@pytest.mark.parametrize("end", ["", "\n", "  \r\n"])
def test_a_last_value_of_several_lines_is_whole(log: tuple[Path, Path], end: str) -> None:
    path, mapping = log
    path.write_text(ROWS + f'c3,2024-01-01T10:00:00Z,"cy\n\ndi"{end}')
    answer = found(path, "--mapping", mapping)
    assert (answer["rows"], answer["rows_refused"]) == (3, 0)


@pytest.mark.parametrize("start", [b"PK\x03\x04\xff\xfe", b"\xd0\xcf\x11\xe0\xa1"])
def test_a_spreadsheet_is_no_csv(log: tuple[Path, Path], start: bytes) -> None:
    path, mapping = log
    path.write_bytes(start * 100)
    code, _, text = invoke(path, "--mapping", mapping)
    assert code == 2 and "save each of its sheets as CSV" in text


def test_no_header_lines_above_and_gzip(tmp_path: Path) -> None:
    path, mapping = tmp_path / "log.csv.gz", tmp_path / "map.toml"
    path.write_bytes(gzip.compress(b"Report of Monday\n\nc1\t2024-01-01T10:00:00Z\tada\n"))
    mapping.write_text(
        MAPPING.replace(
            "[common]", '[csv]\nskip_lines = 2\ncolumns = ["case", "at", "who"]\n[common]'
        )
    )
    assert found(path, "--mapping", mapping)["events"] == 1


@pytest.mark.parametrize("start", ["sep=;\n", "\ufeffSEP=;\r\n", '"sep=;"\n'])
def test_excels_line_above_the_header(log: tuple[Path, Path], start: str) -> None:
    path, mapping = log
    path.write_text(start + "case;at;who,or what\nc1;2024-01-01T10:00:00Z;ada\n")
    mapping.write_text(MAPPING.replace("{who}", "{who,or what}"))
    assert found(path, "--mapping", mapping)["events"] == 1


def test_columns_without_a_name_or_with_the_same(log: tuple[Path, Path]) -> None:
    path, mapping = log
    path.write_text("case,at,,at\nc1,bad,ada,2024-01-01T10:00:00Z\n")
    mapping.write_text(MAPPING.replace("{at}", "{at (2)}").replace("{who}", "{column 3}"))
    assert found(path, "--mapping", mapping)["events"] == 1


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"message.posted"', '"mesage.posted"', "did you mean 'message.posted'"),
        ('"chat"', '"phone"', "channel cannot be 'phone'; it is one of app"),
        ('"customer"', '"client"', "actor cannot be 'client'"),
        ('message_id = "{#}"', "", "needs `message_id`"),
        ("direction", "directoin", "did you mean 'direction'"),
        ("{who}", "{whom}", "did you mean 'who'"),
        ('"crm"', '"contact"', "identifiers.kind cannot be 'contact'"),
        ("trust", "thrust", "did you mean 'trust'"),
        ('"{at}"', "5", "is no time"),
        ("[common]", '[time]\nformats = ["%Q"]\n[common]', "is no pattern of a time"),
        ("[common]", '[csv]\nsep = ";"\n[common]', "sep"),
        ("[common]", '[csv]\nencoding = "klingon"\n[common]', "is no encoding"),
        ("[common]", '[[figure]]\nname = "f"\nkind = "count"\nwhne = {}\n[common]', "'when'"),
        ("[common]", '[[figure]]\nname = "f"\nkind = "span"\n[common]', "needs 'at'"),
    ],
)
def test_a_wrong_word_in_a_mapping_is_named(
    log: tuple[Path, Path], old: str, new: str, sentence: str
) -> None:
    path, mapping = log
    mapping.write_text(MAPPING.replace(old, new))
    code, _, text = invoke(path, "--mapping", mapping)
    assert sentence in " ".join(text.split()) and "Traceback" not in text
    assert code == 2


# Rows -----------------------------------------------------------------------------------


def test_what_a_row_says_wrongly_costs_that_event_only(log: tuple[Path, Path]) -> None:
    path, mapping = log
    path.write_text("case,at,who,closed,state\nc1,2024-01-01T10:00:00Z,ada,soon,gone\n")
    mapping.write_text(
        MAPPING
        + '[[event]]\ntype = "conversation.updated"\ntime = "{closed}"\nstatus = "closed"\n'
        + '[[event]]\ntype = "conversation.updated"\nstatus = "{state}"\n'
    )
    answer = found(path, "--mapping", mapping)
    assert answer["events"] == 1 and answer["rows_refused"] == 1
    first, second = answer["mistakes"]  # type: ignore[misc]
    assert first == (
        "Row 1, [[event]] number 2: 'soon' is no time in any of the formats iso. "
        "If it means 'none', name it under `missing`."
    )
    assert "it is one of closed, deleted, on_hold" in second


@pytest.mark.parametrize("at", ["0", "1e30", "inf", "9999-12-31", "0001-01-01T00:00:00"])
def test_times_that_nobody_means_are_refused(log: tuple[Path, Path], at: str) -> None:
    path, mapping = log
    path.write_text(f"case,at,who\nc1,{at},ada\nc2,1700000000,bo\nc3,1700000000000,cy\n")
    formats = '[time]\nzone = "Asia/Tokyo"\nformats = ["iso", "epoch_s", "epoch_ms"]\n[common]'
    mapping.write_text(MAPPING.replace("[common]", formats))
    answer = found(path, "--mapping", mapping)
    assert answer["events"] == 2 and answer["rows_refused"] == 1


def test_a_mapping_without_an_act_is_told_so(log: tuple[Path, Path]) -> None:
    path, mapping = log
    mapping.write_text(
        MAPPING.replace('"message.posted"\nmessage_id = "{#}"', '"conversation.opened"').replace(
            'direction = "inbound"', 'direction = "inbound"\ninitiated_by = "customer"'
        )
        + '[[event]]\ntype = "queue.entered"\nqueue = "q"\nwhen = { case = "nobody" }\n'
    )
    code, out, _ = invoke(path, "--mapping", mapping)
    assert code == 0 and "No request was counted" in out
    assert "number 2 (queue.entered) made no event" in " ".join(out.split())


def test_rows_of_one_minute_are_ordered_by_a_column_that_counts_them(tmp_path: Path) -> None:
    log, mapping, events = (tmp_path / name for name in ("log.csv", "m.toml", "events.jsonl"))
    log.write_text(
        "at,case,version,team\n2024-01-01 10:05,c1,2,third\n2024-01-01 10:05,c1,1,second\n"
        "2024-01-01 10:00,c1,0,first\n2024-01-01 10:05,c1,10,last\n"
    )
    mapping.write_text(
        'source = "log"\n[common]\ntime = "{at}"\nafter_s = "{version|x0.001}"\n'
        '[[event]]\ntype = "assignment.changed"\nconversation = "{case}"\nchannel = "form"\n'
        'to = { team = "{team}" }\n'
    )
    found(log, "--mapping", mapping, "--events", events)
    told = [json.loads(line) for line in events.read_text().splitlines()]
    assert [event["to"]["team"] for event in told] == ["first", "second", "third", "last"]


def test_a_log_of_answers_alone_is_told_so(log: tuple[Path, Path]) -> None:
    """What the company writes first opens a journey, but no request."""
    path, mapping = log
    mapping.write_text(MAPPING.replace('"inbound"', '"outbound"').replace('"customer"', '"agent"'))
    answer = found(path, "--mapping", mapping)
    assert answer["facts_standing"]["journey.opened"] == 2
    assert [hint.split(":")[0] for hint in answer["hints"]] == ["No request was counted"]


def test_what_stands_is_what_the_facts_file_says(tmp_path: Path) -> None:
    path, facts = EXAMPLES / "incidents.csv", tmp_path / "facts.jsonl"
    answer = found(path, "--mapping", EXAMPLES / "incidents.toml", "--facts", facts)
    last: dict[str, dict[str, object]] = {}
    for line in facts.read_text().splitlines():
        fact = json.loads(line)
        last[fact["subject_id"]] = fact
    stands: dict[str, int] = {}
    for fact in last.values():
        kind = str(fact["type"])
        stands[kind] = stands.get(kind, 0) + (fact.get("state", "asserted") == "asserted")
    assert answer["facts_standing"] == stands
    assert stands["reply.awaited"] < answer["facts"]["reply.awaited"]["asserted"]  # type: ignore[index]


def test_the_manuals_policy_fields_have_the_defaults_that_it_says() -> None:
    lines = (EXAMPLES.parent / "docs" / "backtest.md").read_text().splitlines()
    rows = [line for line in lines if line.startswith("| `") and "_ms`" in line.split("|")[1]]
    assert len(rows) >= 9
    for row in rows:
        names, defaults = row.split("|")[1:3]
        for name, default in zip(names.split(","), defaults.split(","), strict=True):
            assert getattr(Policy(), name.strip(" `")) == int(default), name


def test_the_manual_names_every_key() -> None:
    manual = (EXAMPLES.parent / "docs" / "backtest.md").read_text()
    tables = [CsvForm, JoinSpec, JsonForm, TreeSpec, SessionSpec]
    names = {name for table in tables for name in table.__struct_fields__}
    names |= {*KINDS, *FILTERS, *CONTROL, *PERSONAL, "zone", "rollover", "mail"}
    for _, needed, optional in KINDS.values():
        names |= {*needed.split(), *optional.split()}
    quoted = set(re.findall(r"[a-z_0-9]+", " ".join(re.findall(r"`[^`]+`", manual))))
    assert names - quoted == set()
    top = set(MappingFile.__struct_fields__)
    heads = set(re.findall(r"\[+([a-z]+)", manual)) | quoted
    assert top - heads == set()


def test_a_cloud_event_as_the_contract_shows_it_is_a_line_of_history(tmp_path: Path) -> None:
    page = (EXAMPLES.parent / "docs" / "events.md").read_text()
    start = page.index('    {"specversion"')
    shown = json.loads(page[start : page.index("\n\n", start)])
    (tmp_path / "e.jsonl").write_text(json.dumps(shown) + "\n")
    answer = found(tmp_path / "e.jsonl")
    assert answer["rows_refused"] == 0 and standing(answer, "journey.opened") == 1


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("[1]", "an event is an object"),
        ('{"type": []}', "There is no event type"),
        ('{"type": "mesage.posted"}', "did you mean 'message.posted'"),
        ('{"type": "clock.tick", "time_ms": -1}', "time_ms"),
        ('{"type": "clock.tick", "time": "soon"}', "'soon' is no time"),
        (TICK % "9000000000000", "outside 1970 to 2199"),
        (TICK % '"x"', "Expected `int`"),
    ],
)
def test_a_line_that_is_no_event_is_a_sentence(tmp_path: Path, line: str, sentence: str) -> None:
    (tmp_path / "e.jsonl").write_text(f"{line}\n{TICK % 1_700_000_000_000}\n")
    answer = found(tmp_path / "e.jsonl")
    assert answer["rows_refused"] == 1 and answer["events"] == 1
    assert sentence in answer["mistakes"][0]  # type: ignore[index]
