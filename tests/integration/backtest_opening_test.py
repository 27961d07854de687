"""A figure opened: the entries that it is the sum of, down to the log's own threads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.integration.backtesting import EXAMPLES, TWO_CHANNELS, found, invoke, kpi


def test_the_entries_of_a_figure_add_up_to_it() -> None:
    names = ["transfer_rate", "first_reply_time", "reopen_rate", "fcr", "volume"]
    answer = found(
        EXAMPLES / "incidents.csv", "--mapping", EXAMPLES / "incidents.toml",
        "--open", ",".join(names),
    )  # fmt: skip
    assert list(answer["opened"]) == names
    for name in names:
        entries, one = answer["opened"][name], kpi(answer, name)
        total = {
            part: sum(entry["parts"].get(part, 0) for entry in entries)
            for part in ("n", "hit", "sum", "pending")
        }
        assert total["n"] == one["n"] and total["pending"] == one["pending"]
        assert total["hit"] == (one["hits"] or 0)
        if one["unit"] == "ms":
            assert total["sum"] / total["n"] == one["value"]
        assert all(entry["conversations"] for entry in entries)
        assert [entry["at_ms"] for entry in entries] == sorted(e["at_ms"] for e in entries)


def opened(tmp_path: Path, rows: str, kpi_name: str) -> tuple[Any, list[Any]]:
    (tmp_path / "log.csv").write_text("at,case,channel,topic\n" + rows)
    (tmp_path / "two.toml").write_text(TWO_CHANNELS)
    answer = found(tmp_path / "log.csv", "--mapping", tmp_path / "two.toml", "--open", kpi_name)
    return answer, answer["opened"][kpi_name]


def test_what_was_taken_back_is_not_among_the_entries(tmp_path: Path) -> None:
    # Back after four minutes: both channels were used in parallel.
    rows = "10:00,c1,chat,\n10:02,c2,whatsapp,\n10:04,c1,chat,\n"
    answer, entries = opened(tmp_path, rows, "switch_rate")
    assert answer["facts"]["channel.switched"]["retracted"] == 1
    assert kpi(answer, "switch_rate")["hits"] == 0
    assert not any(entry["parts"].get("hit") for entry in entries)


def test_a_thread_that_left_a_journey_is_not_told_of_it(tmp_path: Path) -> None:
    rows = "10:00,c1,chat,\n10:00,c1,chat,a\n10:01,c2,chat,\n10:02,c2,chat,b\n"
    answer, entries = opened(tmp_path, rows, "volume")
    assert answer["facts"]["conversation.attached"]["retracted"] == 1
    assert [entry["conversations"] for entry in entries] == [["c1"], ["c2"]]


def test_an_opened_figure_is_a_table_of_the_logs_threads() -> None:
    code, out, _ = invoke(
        EXAMPLES / "incidents.csv", "--mapping", EXAMPLES / "incidents.toml",
        "--open", "reopen_rate",
    )  # fmt: skip
    assert code == 0 and "Reopened: 5 entries, 1 of them hits" in " ".join(out.split())
    assert "IM0000" in out


def test_what_is_pending_is_said_beside_the_figure() -> None:
    code, out, _ = invoke(EXAMPLES / "incidents.csv", "--mapping", EXAMPLES / "incidents.toml")
    assert code == 0 and "pending)" in out


def test_a_kpi_that_is_none_cannot_be_opened() -> None:
    code, _, text = invoke(EXAMPLES / "incidents.csv", "--open", "transfers_rate")
    assert code == 2 and "did you mean 'transfer_rate'" in text
