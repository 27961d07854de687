"""JSON Schema 2020-12 from the types: `python -m schemas.generate [--check]`.

Writes `schemas/json/{event,fact,notification}.json`.  With `--check` it writes nothing and exits
with 1 when a file differs from what the types say.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from schemas.events import Event
from schemas.facts import Fact
from schemas.notification import DeliveryAttempted, Notification

FOLDER = Path(__file__).parent / "json"
BASE = "https://filrouge.dev/schemas/1"

_TYPES: dict[str, Any] = {
    "event": Event,
    "fact": Fact,
    "notification": Notification | DeliveryAttempted,
}


def document(name: str) -> dict[str, Any]:
    """The schema of `data` of one kind of CloudEvent."""
    (schema,), components = msgspec.json.schema_components(
        [_TYPES[name]], ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{BASE}/{name}.json",
        "title": f"Filrouge {name}",
        **schema,
        "$defs": components,
    }


def rendered(name: str) -> str:
    return json.dumps(document(name), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main(check: bool) -> int:
    """The exit code."""
    stale = []
    FOLDER.mkdir(exist_ok=True)
    for name in _TYPES:
        file = FOLDER / f"{name}.json"
        if not file.is_file() or file.read_text(encoding="utf-8") != rendered(name):
            stale.append(file.name)
            if not check:
                file.write_text(rendered(name), encoding="utf-8")
    if check and stale:
        print(f"{', '.join(stale)} differ from the types: run `make schemas`.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
