"""An adapter knows the options that it asks for, and no others: a typo is found at the start."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from streams.channels.base import COMMON_OPTIONS, Adapter, SourceConfig
from streams.channels.registry import adapters, is_own
from streams.settings import SettingsError
from streams.settings_file import load
from tests.conformance.vendors import parsed, vendors

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = vendors()
OWN = [name for name, adapter in adapters().items() if is_own(adapter)]


class Asked(dict[str, str]):
    """Options that remember what was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, name: str, default: object = None) -> object:  # type: ignore[override]
        self.names.add(name)
        return default

    def __contains__(self, name: object) -> bool:
        self.names.add(str(name))
        return False


@pytest.mark.parametrize("vendor", sorted(set(OWN) & set(SAMPLES)))
def test_what_an_adapter_asks_for_it_names(vendor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter, asked = adapters()[vendor], Asked()
    parse = adapter.parse

    def asking(request: object, source: SourceConfig) -> object:
        config = SourceConfig(source.name, vendor, source.domain, source.secrets, asked)
        return parse(request, config)  # type: ignore[arg-type]

    monkeypatch.setattr(adapter, "parse", asking)
    for sample, _ in SAMPLES[vendor].BODIES.values():
        parsed(vendor, sample)
    assert adapter.options is not None
    assert asked.names <= {*adapter.options, *COMMON_OPTIONS}


def test_every_option_that_is_named_is_read_and_every_one_read_is_named() -> None:
    text = "\n".join(file.read_text() for room in ("channels", "stages") for file in _modules(room))
    read = set(re.findall(r'options(?:\.get\(|\[)"(\w+)"', text))
    named = {name for vendor in OWN for name in adapters()[vendor].options or ()}
    assert read == named | set(COMMON_OPTIONS)


def _modules(room: str) -> list[Path]:
    return sorted((ROOT / "streams" / room).glob("*.py"))


SOURCE = """
[[domain]]
name = "acme"
key = "sixteen characters and more"
[[source]]
name = "chat"
vendor = "chatwoot"
domain = "acme"
secrets = ["s"]
"""


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("contact", "did you mean 'contacts'?"), ("caried_by", "did you mean 'carried_by'?"),
        ("moon", "it knows contacts, carried_by, region."),
    ],
)  # fmt: skip
def test_an_option_that_the_vendor_does_not_know_is_said(
    option: str, hint: str, tmp_path: Path
) -> None:
    file = tmp_path / "filrouge.toml"
    file.write_text(SOURCE + f'options = {{ {option} = "curated" }}\n')
    with pytest.raises(SettingsError) as refused:
        load(str(file), {})
    [said] = refused.value.mistakes
    assert said == f"Source 'chat' (chatwoot) has no option {option!r}; {hint}"


def test_a_plug_in_that_names_none_may_ask_for_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Adapter.options is None
    monkeypatch.setattr(type(adapters()["chatwoot"]), "options", None)
    file = tmp_path / "filrouge.toml"
    file.write_text(SOURCE + 'options = { moon = "full" }\n')
    options: Mapping[str, str] = load(str(file), {}).source[0].options
    assert options == {"moon": "full"}
