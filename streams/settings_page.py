"""docs/settings.md from the settings themselves: `python -m streams.settings_page [--check]`."""

from __future__ import annotations

import ast
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec

from schemas.kept import kept
from streams import settings
from streams.settings import Section, Settings

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"

_HEAD = """# Settings

Made from `streams/settings.py` by `make schemas`; a test fails when it differs.

A TOML file (`--settings`, else `FILROUGE_SETTINGS`, else `filrouge.toml` in the current folder), and over it the environment:
`FILROUGE_<SECTION>_<FIELD>` for a field of a section, `FILROUGE_<FIELD>` for one at the top; a list with commas. Rows such as
`[[source]]` stand in the file, and name files for their secrets: a path there is relative to the settings file.
Names that end in `_ms` are milliseconds, in `_mb` MiB, in `_bytes` bytes. An example: `deploy/filrouge.example.toml`.

"""

_SECTION = "| field | value | default | why |\n|---|---|---|---|"


def rendered() -> str:
    """The whole page."""
    said = _docstrings()
    top, sections = [], []
    for name, kind in typing.get_type_hints(Settings).items():
        row = get_args(kind)[0] if get_origin(kind) is tuple else kind
        if isinstance(row, type) and issubclass(row, Section):
            title = f"[[{name}]]" if row is not kind else f"[{name}]"
            lines = [f"## {title}", "", *_about(row), _SECTION, *_rows(row, said)]
            sections.append("\n".join(lines))
        else:
            top += [line for line in _rows(Settings, said) if line.startswith(f"| `{name}` ")]
    return (
        _HEAD + "\n".join(["## At the top", _SECTION, *top]) + "\n\n" + "\n\n".join(sections) + "\n"
    )


def _about(section: type[Section]) -> list[str]:
    text = " ".join((section.__doc__ or "").split())
    return [text, ""] if text else []


def _rows(section: type[Section], said: dict[tuple[str, str], str]) -> Iterator[str]:
    hints = typing.get_type_hints(section)
    for field in msgspec.structs.fields(section):
        why = said.get((section.__name__, field.name), "")
        cells = (f"`{field.name}`", _kind(hints[field.name]), _default(field), why)
        yield "| " + " | ".join(cells) + " |"


def _kind(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(f"`{one}`" for one in get_args(hint) if one)
    if get_origin(hint) is tuple:
        return "list: " + _kind(get_args(hint)[0])
    if get_origin(hint) is dict:
        return "table"
    names = {int: "whole number", float: "number", str: "text", bool: "true or false"}
    return names.get(hint, "text")


def _default(field: Any) -> str:
    if field.required:
        return "needed"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if value in ("", (), {}):
        return "none"
    if isinstance(value, tuple):
        return ", ".join(f"`{one}`" for one in value)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _docstrings() -> dict[tuple[str, str], str]:
    """(class, field) → the text under the field."""
    found = {}
    tree = ast.parse(Path(settings.__file__).read_text(encoding="utf-8"))
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        for field, text in zip(node.body, node.body[1:], strict=False):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(text, ast.Expr)
                and isinstance(text.value, ast.Constant)
            ):
                words = " ".join(str(text.value.value).split()).replace("|", "\\|")
                found[node.name, field.target.id] = words
    return found


if __name__ == "__main__":
    sys.exit(kept(PAGE, rendered(), "the settings"))
