"""What the doctor says of settings before it looks at servers."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path

import msgspec

from streams.admin.doctor import Finding, examine
from streams.settings import Settings
from streams.settings_file import load

EXAMPLE = Path(__file__).resolve().parents[2] / "deploy/filrouge.example.toml"


def of_settings(settings: Settings) -> list[Finding]:
    return [*takewhile(lambda one: "The console has no tokens" not in one.what, examine(settings))]


def test_secrets_of_the_example_are_told() -> None:
    settings = load(str(EXAMPLE), {})
    [said] = [one for one in of_settings(settings) if "as in the example" in one.what]
    assert said.ok and "change them" in said.advice
    assert "the key of domain acme" in said.what
    for source in settings.source:
        assert f"a secret of source {source.name}" in said.what

    [said] = [one for one in of_settings(settings) if "worker.instance" in one.what]
    assert said.ok and "all wait 10 s" in said.advice

    replace = msgspec.structs.replace
    own = replace(
        settings,
        worker=replace(settings.worker, instance="worker-1"),
        domain=tuple(replace(one, key="a key of one's own") for one in settings.domain),
        source=tuple(replace(one, secrets=("mine",), options={}) for one in settings.source),
    )
    assert all(one.ok and not one.advice for one in of_settings(own))
