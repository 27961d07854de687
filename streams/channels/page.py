"""docs/vendors/README.md from the adapters: `python -m streams.channels.page [--check]`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_args

from schemas.kept import kept
from streams.channels.about import MEANING, Ability, About
from streams.channels.base import Adapter
from streams.channels.registry import adapters, is_own

PAGE = Path(__file__).parents[2] / "docs" / "vendors" / "README.md"

_HEAD = """# Vendors

Made from the adapters by `make schemas`; `filrouge vendors` prints the same. What a vendor gives is
proven by samples of its bodies (`tests/conformance/vendors/`): what is marked some sample gives, and
what a sample gives is marked. Each vendor's page says how to connect it, step by step.

"""

_TRUST = """
How sure: **asserted** the platform itself knows or a signed login says; **curated** a colleague wrote it;
**network** the network shows it; **claimed** somebody typed it.
"""


def shown() -> dict[str, Adapter]:
    """Vendor → adapter, without Filrouge's own voice."""
    return {name: one for name, one in adapters().items() if name != "filrouge"}


def rows() -> dict[str, dict[str, str]]:
    """Vendor → label → words."""
    return {name: _words(one) for name, one in shown().items()}


def _words(adapter: Adapter) -> dict[str, str]:
    about = adapter.about
    return {
        "title": adapter.title,
        "gives": ", ".join(about.gives) or "not stated",
        "lacks": about.lacks or "not stated",
        "who": _who(about),
        "transfer": about.transfer or "no signal of its own",
        "retries": about.retries or "not stated",
        "lateness": f"up to {adapter.lateness_ms / 1_000:g} s",
    }


def _who(about: About) -> str:
    return "; ".join(f"{kind} {', '.join(sure)}" for kind, sure in about.identities.items()) or "—"


def rendered() -> str:
    """The whole page."""
    names: tuple[Ability, ...] = get_args(Ability)
    table = [
        "| vendor | " + " | ".join(names) + " |",
        "|---|" + ":-:|" * len(names),
    ]
    more = [
        "| vendor | whom it names, how sure | signal of a transfer | lacks | retries | late by |",
        "|---|---|---|---|---|---|",
    ]
    for name, adapter in shown().items():
        if not is_own(adapter):
            continue
        words = {label: text.replace("|", "\\|") for label, text in _words(adapter).items()}
        marks = ("✓" if ability in adapter.about.gives else "" for ability in names)
        table.append(f"| {_link(name, adapter)} | " + " | ".join(marks) + " |")
        more.append(
            f"| {_link(name, adapter)} | {words['who']} | {words['transfer']} | {words['lacks']} "
            f"| {words['retries']} | {words['lateness']} |"
        )
    meanings = [f"- **{name}**: {MEANING[name]}" for name in names]
    parts = ("\n".join(table), "\n".join(meanings), "\n".join(more))
    return _HEAD + "\n\n".join(parts) + "\n" + _TRUST


def _link(name: str, adapter: Adapter) -> str:
    page = PAGE.with_name(f"{name}.md")
    return f"[{adapter.title}]({page.name})" if page.is_file() else adapter.title


if __name__ == "__main__":
    sys.exit(kept(PAGE, rendered(), "the adapters"))
