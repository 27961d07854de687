"""Each kind of `[[figure]]`, on a log small enough to count by hand."""

import pytest

from streams.backtest.compiler import Compiler
from streams.backtest.errors import MappingError
from streams.backtest.figures import figures
from streams.backtest.mapping_file import MappingFile
from streams.backtest.tree import TreeSpec

LOG = [
    # case, operation, agent, minute, wait
    ("A", "mail", "Ada", "00", "5"),
    ("A", "work", "Ada", "10", ""),
    ("A", "call", "Bob", "30", "7"),
    ("B", "call", "Ada", "05", "9"),
    ("B", "call", "Ada", "05", "9"),
    ("C", "mail", "Cy", "01", "2"),
    ("C", "reply", "Cy", "04", ""),
]
ROWS = [
    dict(zip(("case", "op", "agent", "min", "wait"), row, strict=True)) | {"#": str(n)}
    for n, row in enumerate(LOG, 1)
]
MAPS = {"medium": {"mail": "email", "reply": "email", "call": "voice"}}
FILE = MappingFile(source="log", maps=MAPS, time={"formats": ["iso"]})
MAKE = Compiler(frozenset(ROWS[0]), FILE)

POSTS = [
    # id, answers, who, minute
    ("2", "1", "brand", "07"),
    ("1", "", "customer", "01"),
    ("3", "1", "brand", "05"),
    ("4", "2", "customer", "09"),
    ("6", "5", "brand", "11"),
]
POST_ROWS = [
    dict(zip(("id", "parent", "who", "min"), post, strict=True)) | {"#": str(n)}
    for n, post in enumerate(POSTS, 1)
]


def figure(**spec: object) -> dict[str, object]:
    [found] = figures([{"name": "f", **spec}], ROWS, MAKE)
    return {name: value for name, value in found.items() if name not in {"name", "kind", "why"}}


def test_count_and_share() -> None:
    assert figure(kind="count", when={"op": "call"}) == {"n": 3}
    assert figure(kind="count", when={"wait": "9"}, of={"op": "call"}) == {
        "n": 2,
        "of": 3,
        "percent": pytest.approx(66.6667, abs=1e-3),
    }


def test_values() -> None:
    found = figure(kind="values", when={"wait": "*"}, value="{wait}")
    assert found == {"n": 5, "mean": 6.4, "median": 7.0, "min": 2.0, "max": 9.0}
    assert figure(kind="values", when={"op": "none"}, value="{wait}")["mean"] is None


def test_changes_pass_over_rows_without_a_value() -> None:
    found = figure(kind="changes", group="{case}", value="{op|medium}", pairs=True)
    assert found == {"n": 1, "groups": 1, "of": 3, "email→voice": 1}
    assert figure(kind="changes", group="{case}", value="{agent}")["n"] == 1


def test_groups() -> None:
    both = [{"op": "mail"}, {"op": "call"}]
    assert figure(kind="groups", group="{case}", all=both) == {"n": 1, "of": 3, "percent": 100 / 3}
    assert figure(kind="groups", group="{case}", when={"op": "call"}, exactly=2)["n"] == 1


def test_response_is_measured_in_groups_that_begin_so() -> None:
    found = figure(
        kind="response",
        group="{case}",
        start={"op": "mail"},
        answer={"op": ["call", "reply"]},
        unit="min",
        **{"from": "2024-01-01 10:{min}", "to": "2024-01-01 10:{min}"},
    )
    assert found == {"n": 2, "mean": 16.5, "median": 16.5, "min": 3, "max": 30}


def posts(**spec: object) -> dict[str, object]:
    file = MappingFile(
        source="log",
        time={"formats": ["iso"]},
        tree=TreeSpec(id="{id}", parent="{parent}"),
    )
    make = Compiler(frozenset(POST_ROWS[0]), file)
    [found] = figures([{"name": "f", **spec}], POST_ROWS, make)
    return {name: value for name, value in found.items() if name not in {"name", "kind", "why"}}


def test_a_direct_reply_is_the_earliest_whatever_the_order_of_the_rows() -> None:
    found = posts(
        kind="reply", start={"who": "customer", "parent": ""}, answer={"who": "brand"},
        at="2024-01-01 10:{min}", unit="min", by="{id}",
    )  # fmt: skip
    only = {"n": 1, "mean": 4, "median": 4, "min": 4, "max": 4}
    assert found == only | {"by": {"3": only}}


def test_a_reply_before_its_parent_is_unordered_one_without_a_parent_is_not() -> None:
    assert posts(kind="unordered") == {"n": 1}
    assert posts(kind="unordered", when={"who": "customer"}) == {"n": 0}


def test_a_figure_of_replies_needs_a_tree() -> None:
    with pytest.raises(MappingError, match=r"\[tree\]"):
        figure(kind="unordered")


def test_by_spreads_a_count_or_a_value() -> None:
    assert figure(kind="count", by="{op}")["by"] == {
        "call": {"n": 3}, "mail": {"n": 2}, "work": {"n": 1}, "reply": {"n": 1},
    }  # fmt: skip
    by_agent = figure(kind="values", when={"wait": "*"}, value="{wait}", by="{agent}")["by"]
    assert by_agent["Ada"] == {
        "n": 3,
        "mean": pytest.approx(23 / 3),
        "median": 9,
        "min": 5,
        "max": 9,
    }  # type: ignore[index]


def test_followed() -> None:
    at = "2024-01-01 10:{min}"
    found = figure(kind="followed", group="{case}", when={"op": "mail"}, at=at, within_s=300)
    assert found == {"n": 1, "of": 2, "percent": 50}


@pytest.mark.parametrize(
    ("more", "n"),
    [
        ({"within_s": 60}, 1),  # C follows A
        ({"within_s": 60, "answer": {"op": "call"}}, 0),
        ({"within_s": 250, "answer": {"op": "call"}}, 1),
        ({"within_s": 180}, 2),  # C's next row is its own
        ({"within_s": 180, "other": "{case}"}, 1),
    ],
)
def test_followed_by_what_and_in_another_case(more: dict[str, object], n: int) -> None:
    at = "2024-01-01 10:{min}"
    found = figure(kind="followed", group="all", when={"op": "mail"}, at=at, order=at, **more)
    assert found["n"] == n and found["of"] == 2


def test_values_are_numbers_or_times_of_one_row_and_what_is_not_there_is_passed_over() -> None:
    assert figure(kind="values", value="{wait}")["n"] == 5
    found = figure(
        kind="values", unit="min", when={"op": "mail"},
        **{"from": "2024-01-01 10:{min}", "to": "2024-01-01 10:0{wait}"},
    )  # fmt: skip
    assert found == {"n": 2, "mean": 3, "median": 3, "min": 1, "max": 5}
    nothing = figure(kind="values", **{"from": "{op}", "to": "2024-01-01 10:{min}"})
    assert nothing["n"] == 0 and nothing["mean"] is None


def test_percentiles_lie_between_ranks() -> None:
    found = figure(kind="values", value="{wait}", percentiles=[0, 50, 90, 99.5, 100])
    # 2, 5, 7, 9, 9
    assert [found[name] for name in ("p0", "p50", "p90", "p100")] == [2, 7, 9, 9]
    assert figure(kind="values", value="{wait}", percentiles=[30])["p30"] == pytest.approx(5.4)
    assert figure(kind="values", value="{wait}", when={"op": "no"}, percentiles=[9])["p9"] is None


def test_distinct() -> None:
    assert figure(kind="distinct", value="{wait}") == {"n": 4}
    by = figure(kind="distinct", value="{case}", by="{agent}")["by"]
    assert by == {"Ada": {"n": 2}, "Bob": {"n": 1}, "Cy": {"n": 1}}


def test_sizes_count_rows_of_every_group() -> None:
    found = figure(kind="sizes", group="{case}", when={"op": "call"})
    assert found == {"n": 3, "mean": 1, "median": 1, "min": 0, "max": 2}


def test_span_is_from_the_first_start_to_the_last_end() -> None:
    spec = {"kind": "span", "group": "{case}", "at": "2024-01-01 10:{min}", "unit": "min"}
    assert figure(**spec)["max"] == 30
    found = figure(**spec, start={"op": "work"}, end={"op": "call"})
    assert found == {"n": 1, "mean": 20, "median": 20, "min": 20, "max": 20}
    assert figure(**spec, start={"op": "call"}, end={"op": "mail"})["n"] == 0


def test_stays_last_until_the_groups_next_row() -> None:
    at = "2024-01-01 10:{min}"
    found = figure(kind="stays", group="{case}", at=at, order=at, unit="min", by="{op}")
    assert (found["n"], found["max"]) == (4, 20)
    by = found["by"]
    assert isinstance(by, dict)
    assert {name: (one["n"], one["mean"]) for name, one in by.items()} == {
        "mail": (2, 6.5),
        "call": (1, 0),
        "work": (1, 20),
    }
    assert figure(kind="stays", group="{case}", at=at, when={"op": "work"})["n"] == 1


def test_changes_that_return() -> None:
    rows = [{"case": "A", "who": who, "#": ""} for who in "XYYXZXX"]
    make = Compiler(frozenset(rows[0]), FILE)
    spec = {"name": "f", "kind": "changes", "group": "{case}", "value": "{who}", "returns": True}
    [found] = figures([spec], rows, make)
    assert (found["n"], found["returns"]) == (4, 2)


def test_rows_without_a_time_have_no_place_in_an_order() -> None:
    found = figure(kind="count", order="2024-01-01 10:{wait}")
    assert found == {"n": 0}
    assert figure(kind="count", order="2024-01-01 10:0{wait}") == {"n": 5}


def test_repeated() -> None:
    assert figure(kind="repeated", value="{case}{op}{agent}{min}{wait}") == {"n": 1}


@pytest.mark.parametrize(
    "spec",
    [
        {"kind": "nothing"},
        {"kind": "changes", "group": "{case}"},
        {"kind": "changes", "group": "{nope}", "value": "{op}"},
        {"kind": "followed", "group": "{case}", "at": "{min}"},
        {"kind": "values"},
        {"kind": "values", "value": "{op}"},
        {"kind": "values", "value": "{wait}", "percentiles": [101]},
        {"kind": "count", "whne": {}},
    ],
)
def test_a_wrong_figure_is_a_sentence_with_its_name(spec: dict[str, object]) -> None:
    with pytest.raises(MappingError, match="'f'"):
        figure(**spec)
