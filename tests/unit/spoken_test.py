"""Each channel has a name that a person would say, in every language of the texts."""

from __future__ import annotations

from typing import get_args

import pytest

from schemas.common import Channel
from streams.notifications.spoken import SPOKEN, spoken
from streams.notifications.templates import TEXTS, rendered


def test_every_language_of_the_texts_names_every_channel() -> None:
    languages = {language for texts in TEXTS.values() for language in texts}
    assert languages == set(SPOKEN)
    for names in SPOKEN.values():
        assert set(names) == set(get_args(Channel))
        assert not [name for name in names.values() if "_" in name]


@pytest.mark.parametrize(
    ("locale", "title"),
    [("en", "Customer came from Slack"), ("fr-CA", "Changement de canal (Slack)"),
     ("de", "Customer came from Slack")],
)  # fmt: skip
def test_texts_name_channels_as_people_do(locale: str, title: str) -> None:
    told = {"channel": "in_person", "from_channel": "slack", "cause": "customer", "journey": "j"}
    assert rendered("switch.agent", locale, told)[0] == title
    assert "in_person" not in rendered("switch.agent", locale, told)[1]


def test_a_channel_that_we_do_not_know_keeps_its_name() -> None:
    assert spoken("pigeon", "fr") == "pigeon"
