"""Templates, conditions and times of a mapping file."""

import pytest

from streams.backtest.clock import not_before, reader
from streams.backtest.condition import compile_condition
from streams.backtest.errors import MappingError
from streams.backtest.template import compile_template
from streams.backtest.tree import Tree

COLUMNS = frozenset({"Case", "Op", "Wait", "#"})
MAPS = {"medium": {"call": "voice", "mail": "email"}, "rest": {"call": "voice", "*": "other"}}
ROW = {"Case": " C1 ", "Op": "call", "Wait": "12", "#": "7"}
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
    ],
)
def test_a_template_gives_the_text(template: str, text: str) -> None:
    assert compile_template(template, COLUMNS, MAPS)(ROW) == text


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
