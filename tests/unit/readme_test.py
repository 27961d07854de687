"""What the README tells a newcomer to type does what it says."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

from click.testing import CliRunner

from streams.channels.base import Request
from streams.channels.registry import adapters
from streams.cli import main
from streams.settings_file import load

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def test_a_webhook_signed_by_hand_is_one_that_the_example_settings_accept(tmp_path: Path) -> None:
    found = re.search(r"^    body='.*?^    curl .*?$", README, re.DOTALL | re.MULTILINE)
    assert found
    script = "curl() { printf '%s\\0' \"$@\"; }\n" + found[0]
    said = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout
    words = said.split("\0")
    headers = [words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H"]
    body = words[words.index("-d") + 1]
    source = load(str(ROOT / "deploy/filrouge.example.toml"), {}).source_named("chatwoot")
    assert source is not None
    path = next(word for word in words if word.startswith("http"))
    assert path.endswith(f"/v1/in/{source.name}")
    named = {name.lower(): value for name, value in headers}
    request = Request("POST", path, named, body.encode(), time.time_ns() // 1_000_000)
    assert adapters()["chatwoot"].verify(request, source.config()) is None

    file = tmp_path / "body.json"
    file.write_text(body)
    done = CliRunner().invoke(main, ["explain", "--vendor", "chatwoot", str(file)])
    assert done.exit_code == 0 and "message.posted" in done.output


def test_each_command_that_the_pages_name_exists() -> None:
    pages = README + "".join(page.read_text() for page in sorted((ROOT / "docs").rglob("*.md")))
    named = set(re.findall(r"`(?:\.venv/bin/)?filrouge ([a-z-]+(?: [a-z-]+)?)", pages))
    assert named
    for words in map(str.split, sorted(named)):
        command = main.commands[words[0]]
        if len(words) > 1 and hasattr(command, "commands"):
            assert words[1] in command.commands, words
