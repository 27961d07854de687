"""The worked examples of `filrouge backtest`, recounted."""

from __future__ import annotations

import pytest

from tests.integration.backtesting import (
    EXAMPLES,
    figures,
    found,
    kpi,
)


def test_legs_of_calls_with_zones_and_agents_out_of_another_file() -> None:
    logs = EXAMPLES / "legs"
    answer = found(
        logs / "legs.csv", logs / "agents.csv", "--mapping", logs / "legs.toml",
        "--open", "transfer_rate",
    )  # fmt: skip
    assert answer["rows_skipped"] == 1  # the repeated one
    assert answer["rows_refused"] == 0  # no answer, but a zone: no time
    assert answer["hints"] == ["[join.agents]: 1 of 4 rows found nothing there."]
    assert answer["customers"] == 3  # 06… and +33 6… are one
    calls = figures(answer)
    assert calls["calls"]["n"] == 4
    assert calls["hand-overs between agents"]["n"] == 1
    assert calls["waited, s"]["by"]["Front desk"]["mean"] == 25
    assert kpi(answer, "speed_of_answer")["value"] == 25_000
    assert kpi(answer, "abandonment_rate")["hits"] == 1
    entries = answer["opened"]["transfer_rate"]
    [hit] = [entry for entry in entries if entry["parts"].get("hit")]
    assert hit["conversations"] == ["C-1001"] and hit["dims"]["team"] == "Contracts"
    assert hit["at_ms"] == 1711728150000  # 12:02:30 in Montréal


def test_chats_with_their_messages_in_a_list() -> None:
    answer = found(EXAMPLES / "chats.json", "--mapping", EXAMPLES / "chats.toml")
    assert answer["rows_refused"] == 0 and answer["hints"] == []
    assert answer["rows"] == 6  # the empty chat is a row too
    assert answer["events_by_type"]["message.posted"] == 5
    assert answer["events_by_type"]["conversation.updated"] == 4  # once a chat
    assert kpi(answer, "first_reply_time")["value"] == 120_000
    assert kpi(answer, "repeat_rate")["hits"] == 1
    assert kpi(answer, "csat")["n"] == 1
    assert figures(answer)["chats"]["by"]["live_chat"]["n"] == 2


def test_visits_with_numbers_of_the_day_and_a_spreadsheets_times() -> None:
    answer = found(EXAMPLES / "branch.csv", "--mapping", EXAMPLES / "branch.toml")
    assert answer["rows_refused"] == 0 and answer["hints"] == []
    assert figures(answer)["wait until called, min"]["mean"] == pytest.approx(74 / 6)
    assert kpi(answer, "speed_of_answer")["value"] == pytest.approx((12 + 30 + 2 + 4 + 8) * 12_000)
    assert (
        kpi(answer, "abandonment_rate")["hits"] == 1 and kpi(answer, "abandonment_rate")["n"] == 6
    )
    assert kpi(answer, "transfer_rate")["hits"] == 1
    assert kpi(answer, "volume")["value"] == 6
    assert kpi(answer, "first_reply_time")["n"] == 0, "nobody writes at a counter"


def test_a_mailbox_as_reply_trees() -> None:
    answer = found(EXAMPLES / "mails.csv", "--mapping", EXAMPLES / "mails.toml")
    assert answer["rows_refused"] == 0 and answer["hints"] == []
    assert answer["customers"] == 2  # "Ada" <ada@…> and Ada <Ada@…> are one
    assert kpi(answer, "first_reply_time")["value"] == 30 * 60_000
    assert figures(answer)["threads"]["n"] == 2
