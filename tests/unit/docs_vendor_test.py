"""docs/add-a-vendor.md is kept true: what it shows is run as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import orjson

from streams.channels.about import abilities, identities
from streams.channels.base import Adapter, Request, SourceConfig
from streams.channels.signatures import hex_hmac

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "add-a-vendor.md").read_text(encoding="utf-8")


def adapter() -> Adapter:
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    space: dict[str, object] = {}
    exec(compile(code, "docs/add-a-vendor.md", "exec"), space)
    kind = space["Example"]
    assert isinstance(kind, type) and issubclass(kind, Adapter)
    return kind()


def test_the_pages_adapter_does_what_the_page_says() -> None:
    example = adapter()
    source = SourceConfig("chat", example.vendor, "acme", ("a secret",))
    body = orjson.dumps(
        {"type": "message", "id": 7, "thread": "t1", "at": "2026-01-05T10:00:00Z", "text": "Hello",
         "visitor": {"id": 9, "email": "nadia@example.com"}}
    )  # fmt: skip
    signed = {"x-example-signature": hex_hmac("a secret", body)}
    request = Request("POST", "https://x/v1/in/chat", signed, body, 1_790_000_000_000)
    assert example.verify(request, source) is None
    assert example.verify(Request("POST", "", {}, body, 0), source) is not None
    [event] = example.parse(request, source).events
    assert event.personal == {"text": "Hello"} and event.time_ms == 1_767_607_200_000
    assert abilities([event]) == example.about.gives
    assert identities([event]) == example.about.identities
    codes = {example.parse(Request("POST", "", {}, raw, 1), source).code
             for raw in (b'{"type": "typing"}', b'{"type": "x"}', b"{")}  # fmt: skip
    assert codes == {"ignored", "unknown_type", "malformed"}


def test_what_the_page_names_exists() -> None:
    for path in re.findall(r"\]\((?!#|http)([^)#]+)", PAGE):
        assert (ROOT / "docs" / path).exists(), path
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"`make (\w+)", PAGE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for name in set(re.findall(r"`(?:signatures|draft|times)\.(\w+)`", PAGE)):
        text = "".join(
            (ROOT / "streams" / "channels" / f"{m}.py").read_text()
            for m in ("signatures", "draft", "times")
        )
        assert f"def {name}" in text or f"{name} =" in text, name
