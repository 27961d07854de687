"""`filrouge backtest` as a user runs it, and its answer as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from streams.cli import main

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

TWO_CHANNELS = """source = "log"
[common]
time = "2024-01-01 {at}"
conversation = "{case}"
channel = "{channel}"
identifiers = [{ kind = "crm", value = "ada", trust = "asserted" }]
[[event]]
type = "message.posted"
when = { topic = "" }
actor = "customer"
message_id = "{#}"
direction = "inbound"
[[event]]
type = "conversation.updated"
topic = "{topic}"
when = { topic = "*" }
"""
"""What a log of `at,case,channel,topic` needs."""

MAPPING = """source = "log"
[common]
time = "{at}"
conversation = "{case}"
channel = "chat"
actor = "customer"
identifiers = [{ kind = "phone", value = "{who}", trust = "curated" }]
[[event]]
type = "message.posted"
message_id = "{#}"
direction = "inbound"
[[figure]]
name = "cases"
kind = "distinct"
value = "{case}"
"""
"""What a log of `at,case,who` needs."""


def invoke(*arguments: object) -> tuple[int, str, str]:
    """Exit code, what went to stdout, and all that was said in one line."""
    done = CliRunner().invoke(main, ["backtest", *map(str, arguments)])
    return done.exit_code, done.stdout, " ".join(done.output.split())


def found(*arguments: object) -> Any:
    code, out, everything = invoke("--json", *arguments)
    assert code == 0, everything
    return json.loads(out)


def kpi(answer: Any, name: str) -> Any:
    return next(one for one in answer["kpis"] if one["kpi"] == name)


def figures(answer: Any) -> dict[str, Any]:
    return {one["name"]: one for one in answer["figures"]}
