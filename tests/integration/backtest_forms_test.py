"""Logs that are no CSV, rows looked up in another file, and who it is."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.backtesting import (
    MAPPING,
    figures,
    found,
    invoke,
)

ROWS: list[dict[str, Any]] = [
    {"at": "2024-01-01T10:00:00Z", "case": 1, "who": "+33612345678", "box": {"a": True}},
    {"at": "2024-01-02T10:00:00Z", "case": 2.5, "who": None, "tags": ["x", 7, None]},
]
JOIN = '[join.people]\nfiles = ["people.csv"]\nkey = "{id}"\non = "{who}"\n'


# JSON -----------------------------------------------------------------------------------


LINES = "\n".join(map(json.dumps, ROWS)) + "\n"
FORMS = {
    "lines.jsonl": LINES.encode(),
    "lines.ndjson.gz": gzip.compress(LINES.encode()),
    "lines.json": LINES.encode(),
    "array.json": json.dumps(ROWS, indent=1).encode(),
    "array.json.gz": gzip.compress(json.dumps(ROWS).encode()),
    "marked.json": b"\xef\xbb\xbf" + json.dumps(ROWS).encode(),
    "marked.jsonl": b"\xef\xbb\xbf" + LINES.encode(),
}


def _counted(templates: Iterable[str]) -> str:
    return "".join(
        f'[[figure]]\nname = "{template}"\nkind = "count"\nby = "{template}"\n'
        for template in templates
    )


@pytest.mark.parametrize("form", FORMS)
def test_json_in_every_form_is_the_same_log(tmp_path: Path, mapping: Path, form: str) -> None:
    (tmp_path / form).write_bytes(FORMS[form])
    answer = found(tmp_path / form, "--mapping", mapping)
    assert answer["events"] == 2 and answer["rows_refused"] == 0 and answer["hints"] == []
    assert figures(answer)["cases"]["n"] == 2


def test_tables_and_lists_within_are_columns(tmp_path: Path, mapping: Path) -> None:
    ROW = ROWS[1] | {"items": [{"price": 1.0}, {"price": 2.5}]}
    (tmp_path / "log.jsonl").write_text(f"{json.dumps(ROWS[0])}\n{json.dumps(ROW)}")
    values = {
        "{box.a}": ["", "true"],
        "{tags}": ["", "x, 7, "],
        "{items.first.price}{items.last.price}": ["", "12.5"],
        "{case}": ["1", "2.5"],
    }
    mapping.write_text(MAPPING + _counted(values))
    by_name = figures(found(tmp_path / "log.jsonl", "--mapping", mapping))
    for template, wanted in values.items():
        assert sorted(by_name[template]["by"]) == wanted


def test_parameters_in_a_list_are_columns_by_their_names(tmp_path: Path, mapping: Path) -> None:
    """Wherever in the list they stand: `first` and `last` would be another one in each row."""
    params = [
        {"key": "page", "value": {"text": "/cart", "number": None}},
        {"key": "session", "value": {"text": None, "number": "77"}},
        {"key": "first", "value": "no list's first"},
    ]
    fields = [{"id": 360, "value": None}, {"id": 361, "value": ["x", "y"]}, {"value": "unnamed"}]
    rows = [
        ROWS[0] | {"params": params, "fields": fields},
        ROWS[1] | {"params": params[::-1], "fields": [{"id": 360, "value": True}]},
    ]
    (tmp_path / "log.json").write_text(json.dumps(rows))
    values = {
        "{params.session.number}{params.page.text}": ["77/cart"],
        "{fields.360}": ["", "true"],
        "{fields.361}": ["", "x, y"],
        "{params.first.key}": ["first", "page"],
    }
    mapping.write_text(MAPPING + _counted(values))
    by_name = figures(found(tmp_path / "log.json", "--mapping", mapping))
    for template, wanted in values.items():
        assert sorted(by_name[template]["by"]) == wanted


def test_files_of_one_log_may_lack_what_others_have(tmp_path: Path, mapping: Path) -> None:
    for number, row in enumerate(ROWS):
        (tmp_path / f"{number}.jsonl").write_text(json.dumps(row))
    mapping.write_text(
        MAPPING + '[[figure]]\nname = "tags"\nkind = "count"\nwhen = { tags = "*" }\n'
    )
    events = tmp_path / "events.jsonl"
    answer = found(
        tmp_path / "0.jsonl", tmp_path / "1.jsonl", "--mapping", mapping, "--events", events
    )
    assert answer["events"] == 2 and figures(answer)["tags"]["n"] == 1
    told = [json.loads(line) for line in events.read_text().splitlines()]
    assert len({event["id"] for event in told}) == 2  # each row has a number of its own


def test_rows_of_a_document_two_lists_down(tmp_path: Path, mapping: Path) -> None:
    whole = {"result": {"chats": [
        {"case": "a", "all": [{"at": "2024-01-01T10:00:00Z"}, {"at": "2024-01-01T11:00:00Z"}]},
        {"case": "b", "all": [{"at": "2024-01-01T12:00:00Z"}]},
    ]}}  # fmt: skip
    (tmp_path / "log.json").write_text(json.dumps(whole))
    text = MAPPING.replace("{at}", "{result.chats.all.at}").replace("{case}", "{result.chats.case}")
    text = text.replace("{who}", "")
    mapping.write_text(text + '[json]\nrows = "result.chats.all"\n')
    answer = found(tmp_path / "log.json", "--mapping", mapping)
    assert answer["events"] == 3 and figures(answer)["cases"]["n"] == 2


def test_rows_of_two_lists_of_an_object(tmp_path: Path, mapping: Path) -> None:
    chats = [
        {
            "case": "a",
            "said": [{"at": "2024-01-01T10:00:00Z"}],
            "notes": [{"on": "x"}, {"on": "y"}],
        },
        {"case": "b", "notes": []},
    ]
    (tmp_path / "log.json").write_text(json.dumps(chats))
    mapping.write_text(
        MAPPING.replace("{at}", "{said.at}").replace("{who}", "{notes.on}")
        + '[json]\nrows = ["said", "notes"]\n'
    )
    answer = found(tmp_path / "log.json", "--mapping", mapping)
    assert answer["rows"] == 4  # one, two, and the chat that has none
    assert answer["events"] == 1 and figures(answer)["cases"]["n"] == 2


@pytest.mark.parametrize(
    ("name", "data", "more", "sentence"),
    [
        ("log.json", b"", "", "is no JSON"),
        ("log.json", b"[{]", "", "is no JSON"),
        ("log.json", b'[{"at": "\xe9"}]', "", "is no JSON in UTF-8"),
        ("log.json", b"[]", "", "There are no rows in"),
        ("log.json", b"[1]", "", "item 1: it is no object"),
        ("log.json", b"[" * 100_000, "", "is no JSON"),
        ("log.json", b'[{"a": 1}]', '[json]\nrows = "b"', "no object in log.json has a list 'b'"),
        ("log.json", b'[{"at": 1}]', "", "no column 'case'"),
        ("log.xes", b"<log><trace>", "", "is no XES"),
        ("log.xes", b"", "", "is no XES"),
        ("log.xes", b"<log/>", "", "There are no rows in"),
        ("none.json", None, "", "cannot be read: No such file"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_sentence(
    tmp_path: Path, mapping: Path, name: str, data: bytes | None, more: str, sentence: str
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    mapping.write_text(MAPPING + more)
    code, _, text = invoke(tmp_path / name, "--mapping", mapping)
    assert code == 2 and "Traceback" not in text
    assert sentence in text


def test_a_broken_line_costs_that_line_only(tmp_path: Path, mapping: Path) -> None:
    lines = [json.dumps(ROWS[0]), "{", "[1]", json.dumps(ROWS[1])]
    (tmp_path / "log.jsonl").write_text("\n".join(lines))
    answer = found(tmp_path / "log.jsonl", "--mapping", mapping)
    assert answer["events"] == 2 and answer["rows_refused"] == 2
    assert answer["mistakes"][1] == "log.jsonl, line 3: it is no object."


def test_lines_without_a_mapping_say_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text(json.dumps(ROWS[0]))
    code, _, text = invoke(tmp_path / "log.jsonl")
    assert code == 2 and "name a mapping with --mapping" in text


def test_canonical_lines_need_no_mapping_beside_one(tmp_path: Path, mapping: Path) -> None:
    tick = {
        "type": "clock.tick", "id": "a", "source": "s", "channel": "web",
        "actor": {"kind": "system"}, "time_ms": 1_700_000_000_000,
    }  # fmt: skip
    (tmp_path / "ours.jsonl").write_text(json.dumps(tick))
    (tmp_path / "log.jsonl").write_text(json.dumps(ROWS[0] | {"type": "chat"}))
    answer = found(tmp_path / "ours.jsonl", tmp_path / "log.jsonl", "--mapping", mapping)
    assert answer["events_by_type"] == {"clock.tick": 1, "message.posted": 1}


# XES ------------------------------------------------------------------------------------

XES = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xmlns="http://www.xes-standard.org/">
 <global scope="trace"><string key="concept:name" value="?"/></global>
 <string key="creator" value="nobody"/>
 <trace><string key="concept:name" value="c1"/>
  <event><string key="concept:name" value="Open"/>
   <date key="time:timestamp" value="2024-01-01T10:00:00.000+01:00"/></event>
  <event><string key="concept:name" value="Close"/><int key="cost" value="3"/>
   <date key="time:timestamp" value="2024-01-01T12:00:00.000+01:00"/></event>
 </trace>
 <trace><string key="concept:name" value="c2"/>
  <event><string key="concept:name" value="Open"/>
   <date key="time:timestamp" value="2024-01-02T10:00:00.000+01:00"/></event>
 </trace>
</log>
"""


def test_events_of_a_process_with_their_traces(tmp_path: Path, mapping: Path) -> None:
    (tmp_path / "log.xes").write_text(XES)
    text = MAPPING.replace("{at}", "{time:timestamp}").replace("{case}", "{case:concept:name}")
    mapping.write_text(
        text.replace("{who}", "")
        + '[[figure]]\nname = "cost"\nkind = "values"\nvalue = "{cost}"\nby = "{concept:name}"\n'
    )
    answer = found(tmp_path / "log.xes", "--mapping", mapping)
    assert answer["events"] == 3 and figures(answer)["cases"]["n"] == 2
    assert figures(answer)["cost"]["by"] == {
        "Close": {"n": 1, "mean": 3, "median": 3, "min": 3, "max": 3}
    }


def test_entities_that_swell_are_refused(tmp_path: Path, mapping: Path) -> None:
    names = [chr(ord("a") + n) for n in range(10)]
    entities = f'<!ENTITY a "{"x" * 100}">' + "".join(
        f'<!ENTITY {name} "{f"&{below};" * 20}">'
        for below, name in zip(names, names[1:], strict=False)
    )
    (tmp_path / "log.xes").write_text(
        f'<!DOCTYPE log [{entities}]><log><trace><event><string key="k" value="&j;"/></event>'
        "</trace></log>"
    )
    code, _, text = invoke(tmp_path / "log.xes", "--mapping", mapping)
    assert code == 2 and "is no XES" in text


# Joins ----------------------------------------------------------------------------------


def test_columns_out_of_another_file(tmp_path: Path, mapping: Path) -> None:
    (tmp_path / "log.csv").write_text(
        "at,case,who\n2024-01-01T10:00:00Z,c1,7\n2024-01-01T11:00:00Z,c2,8\n"
        "2024-01-01T12:00:00Z,c3,9\n2024-01-01T13:00:00Z,c4,\n"
    )
    (tmp_path / "people.csv").write_text("id;phone\n7;+33612345678\n7;+33698765432\n8;NULL\n")
    mapping.write_text(
        'missing = ["NULL"]\n'
        + MAPPING.replace("{who}", "{people.phone}")
        + '[[figure]]\nname = "by"\nkind = "count"\nby = "{people.phone}"\n[[skip]]\n'
        + 'when = { "people.id" = "10" }\n' + JOIN
    )  # fmt: skip
    answer = found(tmp_path / "people.csv", tmp_path / "log.csv", "--mapping", mapping)
    assert answer["rows"] == 4 and answer["rows_refused"] == 0
    assert answer["hints"] == ["[join.people]: 1 of 3 rows found nothing there."]
    # Of two with one key the first.
    assert figures(answer)["by"]["by"] == {"+33612345678": {"n": 1}, "": {"n": 3}}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("people.csv", "poeple.csv", "none of the files is called poeple.csv"),
        ("{id}", "{ident}", "[join.people]: There is no column 'ident'"),
        ("{who}", "{whom}", "[join.people]: There is no column 'whom'; did you mean 'who'"),
        ("key", "kye", "no key in [join] 'kye'; did you mean 'key'"),
    ],
)
def test_a_wrong_join_is_a_sentence(
    tmp_path: Path, mapping: Path, old: str, new: str, sentence: str
) -> None:
    (tmp_path / "log.csv").write_text("at,case,who\n2024-01-01T10:00:00Z,c1,7\n")
    (tmp_path / "people.csv").write_text("id,phone\n7,+33612345678\n")
    mapping.write_text('files = ["log.csv"]\n' + MAPPING + JOIN.replace(old, new))
    files = [tmp_path / "log.csv"] + ([] if new == "poeple.csv" else [tmp_path / "people.csv"])
    code, _, text = invoke(*files, "--mapping", mapping)
    assert code == 2 and sentence in text


# Who it is ------------------------------------------------------------------------------


def test_national_numbers_need_their_country_and_are_told_without_it(
    tmp_path: Path, mapping: Path
) -> None:
    (tmp_path / "log.csv").write_text(
        "at,case,who\n2024-01-01T10:00:00Z,c1,06 12 34 56 78\n"
        "2024-03-01T10:00:00Z,c2,+33612345678\n"
    )
    answer = found(tmp_path / "log.csv", "--mapping", mapping)
    assert answer["customers"] == 2
    [hint] = answer["hints"]
    assert hint.startswith("1 times an identifier of kind phone names nobody, the first is '06 12")
    assert "region" in hint
    mapping.write_text('region = "FR"\n' + MAPPING)
    answer = found(tmp_path / "log.csv", "--mapping", mapping)
    assert answer["customers"] == 1 and answer["hints"] == []
