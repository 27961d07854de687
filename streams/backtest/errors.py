"""What is wrong with a mapping, or with a row under it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class MappingError(Exception):
    """The mapping file (or a row under it) cannot be used; the text is a sentence."""


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """`There is no <what> 'nmae'; did you mean 'name'? There are …` — the nearest one first."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, 1)
    hint = f"did you mean {near[0]!r}? There" if near else "there"
    return f"There is no {what} {name!r}; {hint} are {', '.join(names)}"
