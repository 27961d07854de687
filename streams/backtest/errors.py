"""What is wrong with a mapping, or with a row under it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class MappingError(Exception):
    """The mapping file (or a row under it) cannot be used; the text is a sentence."""


AT_THE_TOP = frozenset({"source", "domain", "files", "missing", "drop_repeated", "region"})
"""Keys of a mapping file that belong to none of its tables."""


def unknown_key(what: str, name: str, known: Iterable[str]) -> str:
    """The same of a key in a table.  TOML counts all lines behind a `[table]` to it, so what
    belongs to the top of the file is easily written too low.
    """
    told = unknown(what, name, known)
    if name in AT_THE_TOP:
        told += f". `{name}` belongs to the top of the file, above the first [table]"
    return told


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """`There is no <what> 'nmae'; did you mean 'name'? There are …` — the nearest one first."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, 1)
    hint = f"did you mean {near[0]!r}? There" if near else "there"
    return f"There is no {what} {name!r}; {hint} are {', '.join(names)}"
