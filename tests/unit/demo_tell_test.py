"""What the demo's terminal says as things happen."""

from __future__ import annotations

import msgspec

from schemas.facts import ChannelSwitched
from streams.demo.tell import Teller

SWITCH = ChannelSwitched(
    subject_id="ada.1/switch/m2", domain="acme", customer="ada", journey="ada.1", at_ms=1_000,
    from_="chat", to="voice", gap_ms=13_000, cause="unknown", forced=False,
)  # fmt: skip


def test_a_revision_of_which_the_sentence_says_nothing_is_not_told_again() -> None:
    teller = Teller()
    assert "came from chat to the phone" in teller.told(SWITCH)
    delivered = msgspec.structs.replace(SWITCH, revision=2, context="delivered")
    assert teller.told(delivered) == ""
    gone = msgspec.structs.replace(SWITCH, revision=3, state="retracted")
    assert "Taken back: Customer came from" in teller.told(gone)
    assert "after 13 s" in teller.told(msgspec.structs.replace(SWITCH, revision=4))
    other = msgspec.structs.replace(SWITCH, subject_id="ada.1/switch/m3")
    assert "came from chat" in teller.told(other)
