"""A page of docs/ that is made from the code: written, or only compared (`--check`)."""

from __future__ import annotations

import sys
from pathlib import Path


def kept(page: Path, text: str, made_from: str) -> int:
    """The exit code: 1, and a sentence, when the page is to be checked and differs from `text`."""
    if "--check" not in sys.argv[1:]:
        page.write_text(text, encoding="utf-8")
        return 0
    if page.is_file() and page.read_text(encoding="utf-8") == text:
        return 0
    name = page.relative_to(Path(__file__).parents[1])
    print(f"{name} differs from {made_from}: run `make schemas`.")
    return 1
