"""Settings from the environment, laid over those of the file.

`FILROUGE_<SECTION>_<FIELD>` is a field of a section, `FILROUGE_<FIELD>` one at the top; a list is
separated by commas.  A name that is no setting is a mistake, as it is in the file.
"""

from __future__ import annotations

import difflib
import re
import typing
from collections.abc import Mapping
from typing import Any, get_origin

from streams.settings import Section, Settings

_PREFIX = "FILROUGE_"
_FILE = "FILROUGE_SETTINGS"
_LINK = re.compile(
    r"FILROUGE_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
"""What Kubernetes tells each pod of a Service whose name begins with filrouge."""


def overridden(
    raw: Mapping[str, Any], env: Mapping[str, str], mistakes: list[str]
) -> dict[str, Any]:
    """`raw` as the file has it, with what `env` says in its place."""
    merged = {key: dict(value) if isinstance(value, dict) else value for key, value in raw.items()}
    known = variables()
    for name, value in sorted(env.items()):
        if not name.startswith(_PREFIX) or name == _FILE or _is_link(name, value):
            continue
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            advice = f"; did you mean {near[0]}?" if near else "."
            mistakes.append(f"There is no setting {name} (in the environment){advice}")
            continue
        section, field, hint = known[name]
        given = _listed(value) if get_origin(hint) is tuple else value
        if not section:
            merged[field] = given
        elif isinstance(table := merged.setdefault(section, {}), dict):
            table[field] = given
    return merged


def variables() -> dict[str, tuple[str, str, Any]]:
    """Name of a variable → (section, or empty; field; its type)."""
    found = {}
    for name, kind in typing.get_type_hints(Settings).items():
        if isinstance(kind, type) and issubclass(kind, Section):
            for field, hint in typing.get_type_hints(kind).items():
                found[f"{_PREFIX}{name}_{field}".upper()] = (name, field, hint)
        elif get_origin(kind) is not tuple:  # rows such as [[source]] stand in the file
            found[f"{_PREFIX}{name}".upper()] = ("", name, kind)
    return found


def _is_link(name: str, value: str) -> bool:
    return bool(_LINK.fullmatch(name)) or (
        name.endswith("_PORT") and value.startswith(("tcp://", "udp://", "sctp://"))
    )


def _listed(value: str) -> list[str]:
    return [item for part in value.split(",") if (item := part.strip())]
