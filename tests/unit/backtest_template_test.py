"""Templates, conditions and times of a mapping file."""

import re

import pytest

from streams.backtest.clock import blank, not_before, reader
from streams.backtest.condition import compile_condition
from streams.backtest.errors import MappingError
from streams.backtest.numbers import number, seconds
from streams.backtest.sessions import Sessions
from streams.backtest.template import compile_template
from streams.backtest.tree import Tree

FORMS = {"Amount": "1.234,56", "Talk": "01:02:03", "Short": "1:23,5", "None": "", "A|B": "X"}
COLUMNS = frozenset({"Case", "Op", "Wait", "#", *FORMS})
MAPS = {"medium": {"call": "voice", "mail": "email"}, "rest": {"call": "voice", "*": "other"}}
NAMED = MAPS | {"second": re.compile(r"\.(\d+)"), "letters": re.compile("[a-z]+")}
ROW = {"Case": " C1 ", "Op": "call", "Wait": "12", "#": "7", **FORMS}
READ = reader(["%M %Y"], "UTC")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("plain", "plain"),
        ("", ""),
        ("{Op}", "call"),
        ("{Case|strip|lower}-{#}", "c1-7"),
        ("{Op|medium}", "voice"),
        ("{Case|medium}", ""),
        ("{Case|rest}", "other"),
        ("{Wait|x1000}", "12000"),
        ("{Wait|x0.5|round}", "6"),
        ("{Amount|x100}", "123456"),
        ("{Amount|x1}", "1234.56"),
        ("{Talk|hms}", "3723"),
        ("{Short|hms|x1000}", "83500"),
        ("{Amount|second}", "234"),
        ("{A|B}{A|B|lower}", "Xx"),
        ("{Op|letters|upper}", "CALL"),
        ("{Wait|letters}", ""),
        ("{None|x60}{None|hms}{None|round}", ""),
    ],
)
def test_a_template_gives_the_text(template: str, text: str) -> None:
    assert compile_template(template, COLUMNS, NAMED)(ROW) == text


@pytest.mark.parametrize("template", ["{Op", "Op}", "{Case}-{Op", "{{Op}}"])
def test_a_brace_without_its_other_one_is_a_sentence(template: str) -> None:
    with pytest.raises(MappingError, match="without its other brace"):
        compile_template(template, COLUMNS, MAPS)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1234.5", 1234.5), ("1234,5", 1234.5), ("1.234,5", 1234.5), ("1,234.5", 1234.5),
        ("1 234,5", 1234.5), ("1\u202f234,5", 1234.5), ("1'234.5", 1234.5), ("-7", -7),
        ("1.234.567", 1_234_567), ("1,234,567", 1_234_567), (".5", 0.5), ("1e3", 1_000),
    ],
)  # fmt: skip
def test_numbers_as_logs_write_them(text: str, value: float) -> None:
    assert number(text, "x") == value


@pytest.mark.parametrize("text", ["", "n/c", "nan", "inf", "1_000", "12:30", "1e999", "--1"])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(MappingError, match="no number"):
        number(text, "x")


@pytest.mark.parametrize("template", ["{Short|x1}", "{Wait|hms}", "{Op|round}"])
def test_a_filter_that_cannot_read_a_value_is_a_sentence(template: str) -> None:
    with pytest.raises(MappingError, match=r"is no (number|duration)"):
        compile_template(template, COLUMNS, MAPS)(ROW)


def test_a_pause_ends_a_session_whatever_the_order_of_the_rows() -> None:
    rows = [
        {"who": who, "at": at}
        for who, at in [
            ("b", "900"),
            ("a", "2000"),
            ("a", "0"),
            ("a", "1000"),
            ("", "5"),
            ("a", ""),
        ]
    ]
    sessions = Sessions(
        lambda row: row["who"], lambda row: int(row["at"]) if row["at"] else None, 0.999, rows
    )
    assert [sessions.session(row) for row in rows] == ["b/1", "a/3", "a/1", "a/2", "", ""]
    patient = Sessions(
        lambda row: row["who"], lambda row: int(row["at"]) if row["at"] else None, 1, rows
    )
    assert [patient.session(row) for row in rows] == ["b/1", "a/1", "a/1", "a/1", "", ""]


def test_an_hour_that_the_clocks_show_twice_is_the_first() -> None:
    read = reader(["iso"], "Europe/Paris")
    assert read("2023-10-29 02:30") == read("2023-10-29T00:30:00Z")
    assert read("2023-10-29 03:30") == read("2023-10-29T02:30:00Z")


@pytest.mark.parametrize("template", ["{Opp}", "{Op|nothing}"])
def test_an_unknown_name_is_a_sentence_that_names_what_there_is(template: str) -> None:
    with pytest.raises(MappingError, match=r"Case|medium"):
        compile_template(template, COLUMNS, MAPS)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"Op": "call"}, True),
        ({"Op": "mail"}, False),
        ({"Op": "!mail"}, True),
        ({"Op": "!call"}, False),
        ({"Op": ["mail", "call"]}, True),
        ({"Op": "*"}, True),
        ({"Op": ""}, False),
        ({"Op": {"regex": "^ca"}}, True),
        ({"Wait": {"at_least": 12}}, True),
        ({"Wait": {"at_most": 11.5}}, False),
        ({"None": {"at_most": 11.5}}, False),
        ({"None": {"before": "13 2024"}}, False),
        ({"{Wait} 2024": {"after": "{None}"}}, False),
        ({"{Op|medium}": "voice", "Wait": "12"}, True),
        ({"Op": "call", "Wait": "13"}, False),
        ({}, True),
        ([{"Op": "mail"}, {"Wait": "12"}], True),
        ([{"Op": "mail"}, {"Wait": "13"}], False),
        ([], False),
        ({"{Op}": {"same_as": "{Op|lower}"}}, True),
        ({"{Op}": {"same_as": "{Wait}"}}, False),
        ({"{Wait} 2024": {"before": "13 2024"}}, True),
        ({"{Wait} 2024": {"before": "{Wait} 2024"}}, False),
        ({"{Wait} 2024": {"after": "11 2024", "before": "12 2024"}}, False),
        ({"{Wait} 2024": {"after": "11 2024", "before": "13 2024"}}, True),
    ],
)
def test_a_condition_holds_or_not(condition: object, holds: bool) -> None:
    assert compile_condition(condition, COLUMNS, MAPS, READ)(ROW) is holds


def test_a_condition_of_another_form_is_refused() -> None:
    with pytest.raises(MappingError, match="at_least"):
        compile_condition({"Op": {"above": 3}}, COLUMNS, MAPS, READ)


def test_a_number_that_is_none_is_a_sentence() -> None:
    with pytest.raises(MappingError, match="'call', which is no number"):
        compile_condition({"Op": {"at_least": 3}}, COLUMNS, MAPS, READ)(ROW)


@pytest.mark.parametrize(
    ("text", "zone", "ms"),
    [
        ("9.3.10 8:05", "UTC", 1268121900000),
        ("9.3.10 8:05", "Europe/Amsterdam", 1268118300000),
        ("2010-03-09T08:05:00+01:00", "America/New_York", 1268118300000),
        ("1268118300", "UTC", 1268118300000),
    ],
)
def test_times_are_read_in_their_zone(text: str, zone: str, ms: int) -> None:
    assert reader(["%d.%m.%y %H:%M", "iso", "epoch_s"], zone)(text) == ms


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("9.3.10 8:05 Europe/Amsterdam", 1268118300000),
        ("9.3.10 8:05 [Europe/Amsterdam]", 1268118300000),
        ("9.3.10 8:05 UTC", 1268121900000),
        ("2010-03-09T08:05:00+01:00[Europe/Amsterdam]", 1268118300000),
    ],
)
def test_a_time_may_end_in_a_zone_of_its_own(text: str, ms: int) -> None:
    assert reader(["%d.%m.%y %H:%M", "iso"], "Asia/Tokyo")(text) == ms


@pytest.mark.parametrize("text", ["9.3.10 8:05 Europe/Atlantis", "Europe/Paris", "8:05 ../UTC"])
def test_what_ends_in_no_zone_or_is_nothing_else_is_no_time(text: str) -> None:
    with pytest.raises(MappingError, match="is no time in any"):
        reader(["%d.%m.%y %H:%M"], "UTC")(text)


@pytest.mark.parametrize(
    ("text", "empty"),
    [
        ("", True),
        (" ", True),
        (" Europe/Paris", True),
        ("UTC", True),
        ("soon", False),
        ("8", False),
    ],
)
def test_a_zone_alone_is_no_time(text: str, empty: bool) -> None:
    assert blank(text) is empty


def test_a_missing_time_is_before_nothing_whatever_its_zone() -> None:
    row = ROW | {"Talk": "01 2024", "Case": "Europe/Paris"}
    condition = {"{None} {Case}": {"before": "{Talk} {Case}"}}
    assert not compile_condition(condition, COLUMNS, MAPS, READ)(row)


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 15 Jan 2024 10:00:00 +0100 (CET)",
        "15 Jan 2024 09:00:00 GMT",
        "Mon, 15 Jan 2024 04:00:00 EST",
        "Mon, 15 Jan 2024 10:00:00",
    ],
)
def test_dates_of_mails(text: str) -> None:
    assert reader(["mail"], "Europe/Paris")(text) == 1705309200000


def test_an_hour_that_the_clocks_skip_is_read_as_before_the_change() -> None:
    read = reader(["iso"], "America/New_York")
    assert read("2024-03-10T02:30:00") == read("2024-03-10T03:30:00")


def test_a_time_in_no_known_form_says_which_forms_were_tried() -> None:
    with pytest.raises(MappingError, match=r"'soon' is no time in any of the formats iso"):
        reader(["iso"], "UTC")("soon")


def test_an_unknown_zone_is_a_sentence() -> None:
    with pytest.raises(MappingError, match="Europe/Paris"):
        reader(["iso"], "Europe/Atlantis")


def test_a_row_that_crosses_midnight_goes_on_the_next_day() -> None:
    late, early = 1_000_000_000, 1_000_000_000 - 80_000_000
    assert not_before(early, late) == early + 86_400_000
    assert not_before(late, early) == late


def test_a_clock_that_runs_some_minutes_behind_is_not_midnight() -> None:
    assert not_before(1_000_000_000 - 600_000, 1_000_000_000) == 1_000_000_000 - 600_000


def test_a_reply_tree_ends_at_what_the_log_has_and_in_a_circle() -> None:
    rows = [
        {"id": i, "up": up}
        for i, up in [("c", "b"), ("b", "a"), ("x", "y"), ("y", "x"), ("a", "?")]
    ]
    tree = Tree(lambda row: row["id"], lambda row: row["up"], rows)
    assert [tree.root(row) for row in rows] == ["a", "a", "y", "x", "a"]


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("15/01/2024 9:00 p. m.", "%d/%m/%Y %I:%M %p"),
        ("15/01/2024 9:00 p.m.", "%d/%m/%Y %I:%M %p"),
        ("15/01/2024 9:00\u00a0P.\u00a0M.", "%d/%m/%Y %I:%M %p"),
        ("15-JAN-24 09.00.00.000000000 PM", "%d-%b-%y %I.%M.%S.%f %p"),
    ],
)
def test_halves_of_the_day_and_seconds_as_other_systems_write_them(text: str, pattern: str) -> None:
    assert reader([pattern], "UTC")(text) == 1705352400000


@pytest.mark.parametrize(
    ("text", "formats", "help_"),
    [
        ("null", ["iso"], ". If it means 'none', name it under `missing`"),
        ("1705352400000", ["epoch_s"], "; in the format epoch_ms it is of 2024-01-15"),
        ("1705352400", ["iso"], "; in the format epoch_s it is of 2024-01-15"),
        ("45306.5", ["iso"], "; in the format excel it is of 2024-01-15"),
        ("2024-01-15 21:00", ["%d.%m.%Y"], "; in the format iso it is of 2024-01-15"),
        ("15.01.2024", ["iso"], ""),
    ],
)
def test_a_time_in_no_format_is_told_with_what_would_help(
    text: str, formats: list[str], help_: str
) -> None:
    with pytest.raises(MappingError) as raised:
        reader(formats, "UTC")(text)
    assert str(raised.value) == (
        f"{text!r} is no time in any of the formats {', '.join(formats)}{help_}"
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0 days 01:02:03", "3723"),
        ("1 day, 0:00:01", "86401"),
        ("2d 01:00:00.5", "176400.5"),
        ("-0:10", "-10"),
        ("", ""),
    ],
)
def test_durations_as_logs_write_them(text: str, value: str) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["1 day, 2:03", "-1 day, 23:00:00", "2 days", "1:2:3"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(MappingError, match="no duration"):
        seconds(text)
