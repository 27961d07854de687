"""What is wrong in a mapping is a sentence that says what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.backtesting import (
    MAPPING,
    TWO_CHANNELS,
    found,
    invoke,
)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("[common]", "[comon]", "no such table or key 'comon'; did you mean 'common'"),
        ("[common]", '[csv]\ndelimitre = ","\n[common]', "did you mean 'delimiter'"),
        ("[common]", '[time]\nzoen = "UTC"\n[common]', "did you mean 'zone'"),
        ("[common]", "[time]\nformats = 3\n[common]", "formats is a list of texts"),
        ("[common]", "[policy]\nexpire = 3\n[common]", "did you mean 'expire_ms'"),
        ("[common]", '[[skip]]\nwhne = { a = "b" }\n[common]', "[[skip]] number 1 has `when`"),
        ("[common]", '[[skip]]\nwhen = { a = "b" }\n[common]', "[[skip]] number 1: There is no"),
        ("[common]", '[patterns]\nx = "("\n[common]', "the regex 'x' is wrong"),
        ('type = "m', 'tyep = "m', "needs `type` and `time`, not 'tyep'"),
        ("direction", "frist_of = 'a'\ndirection", "did you mean 'first_of'"),
        ('name = "cases"\n', "", "[[figure]] number 1 needs a `name`"),
        ('"distinct"', '"distnct"', "did you mean 'distinct'"),
        ("[common]", '[csv]\nregion = "FR"\n[common]', "`region` belongs to the top of the file"),
        ("[common]", '[time]\nmissing = ["?"]\n[common]', "`missing` belongs to the top"),
        ("[common]", '[policy]\nfiles = ["a"]\n[common]', "`files` belongs to the top"),
        ("direction", "drop_repeated = true\ndirection", "`drop_repeated` belongs to the top"),
        ('name = "cases"\n', 'name = "a"\ndomain = "d"\n', "`domain` belongs to the top"),
        ("{case}", "{case", "without its other brace"),
    ],
)
def test_a_wrong_word_is_told_with_the_right_one(
    tmp_path: Path, mapping: Path, old: str, new: str, sentence: str
) -> None:
    (tmp_path / "log.csv").write_text("at,case,who\n2024-01-01T10:00:00Z,c1,\n")
    mapping.write_text(MAPPING.replace(old, new, 1))
    code, _, text = invoke(tmp_path / "log.csv", "--mapping", mapping)
    assert code == 2 and "Traceback" not in text
    assert sentence in text


def test_one_column_alone_is_a_line_that_was_not_taken_apart(tmp_path: Path, mapping: Path) -> None:
    (tmp_path / "log.csv").write_text("Report of January\nat,case,who\n")
    code, _, text = invoke(tmp_path / "log.csv", "--mapping", mapping)
    assert code == 2 and "say `delimiter` or `skip_lines` under [csv]" in text


@pytest.mark.parametrize(("region", "helped"), [("", True), ("FR", False)])
def test_a_number_that_is_none_does_not_ask_for_the_region_that_is_there(
    tmp_path: Path, mapping: Path, region: str, helped: bool
) -> None:
    (tmp_path / "log.csv").write_text("at,case,who\n2024-01-01T10:00:00Z,c1,3.36E+10\n")
    mapping.write_text(f'region = "{region}"\n{MAPPING}')
    [hint] = found(tmp_path / "log.csv", "--mapping", mapping)["hints"]
    assert "names nobody, the first is '3.36E+10'" in hint
    assert ("need `region`" in hint) is helped


def test_the_first_mapping_that_wants_a_file_has_it(tmp_path: Path, mapping: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("at,case,who\n2024-01-01T10:00:00Z,c1,\n")
    mapping.write_text('files = ["a.csv"]\n' + MAPPING)
    (tmp_path / "rest.toml").write_text('files = ["*.csv"]\n' + MAPPING)
    answer = found(
        tmp_path / "a.csv", tmp_path / "b.csv",
        "--mapping", mapping, "--mapping", tmp_path / "rest.toml",
    )  # fmt: skip
    assert answer["rows"] == 2


def test_of_several_mappings_the_wrong_one_is_named(tmp_path: Path, mapping: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("at,case,who\n2024-01-01T10:00:00Z,c1,\n")
    mapping.write_text('files = ["a.csv"]\n' + MAPPING)
    other = tmp_path / "other.toml"
    other.write_text('files = ["b.csv"]\n' + MAPPING.replace("{at}", "{att}"))
    code, _, text = invoke(
        tmp_path / "a.csv", tmp_path / "b.csv", "--mapping", mapping, "--mapping", other
    )
    assert code == 2 and "other.toml: [[event]] number 1: There is no column 'att'" in text


def test_names_with_brackets_and_colons_are_printed_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("at,case,channel,topic\n10:00,[/c1] :key:,chat,\n")
    (tmp_path / "two.toml").write_text(
        TWO_CHANNELS + '[[figure]]\nname = "[x]"\nkind = "count"\nby = "{case}"\nwhy = "[/y]"\n'
    )
    code, out, text = invoke(
        tmp_path / "log.csv", "--mapping", tmp_path / "two.toml", "--open", "volume"
    )
    assert code == 0, text
    assert out.count("[/c1] :key:") == 2 and "[x]" in out and "[/y]" in out


def test_a_format_that_there_is_not_is_a_sentence(tmp_path: Path, mapping: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("at\n1\n")
    mapping.write_text(
        'source = "log"\n[time]\nformats = ["exel"]\n[[event]]\ntype = "clock.tick"\n'
    )
    code, _, told = invoke(log, "--mapping", mapping)
    assert code == 2 and "is none of iso, epoch_s, epoch_ms, excel, mail" in told


def test_ends_in_another_thread_than_the_acts_are_told(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    mapping = tmp_path / "log.toml"
    rows = "".join(f"{n},12:00,12:30\n" for n in range(12))
    log.write_text(f"case,at,done\n{rows}")
    step = """source = "log"
[common]
actor = "customer"
channel = "app"
[[event]]
type = "selfservice.stepped"
time = "2024-01-01 {at}"
conversation = "{case} app"
resource = "booking"
step = "rebook"
outcome = "OUTCOME"
[[event]]
type = "conversation.updated"
time = "2024-01-01 {done}"
conversation = "{case}"
status = "resolved"
"""
    mapping.write_text(step.replace("OUTCOME", "failure"))
    told = " ".join(found(log, "--mapping", mapping)["hints"])
    assert "12 of 12 conversations are resolved, and no act" in told
    assert "12 of 12 conversations hold steps" in told and "progressed" in told
    right = step.replace("OUTCOME", "progressed").replace("{case} app", "{case}")
    mapping.write_text(right)
    assert found(log, "--mapping", mapping)["hints"] == []
