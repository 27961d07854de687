"""What a vendor's file states of it is what its samples show, no more and no less."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.channels.about import abilities, identities
from streams.channels.page import shown
from streams.channels.registry import is_own
from tests.conformance.vendors import parsed, vendors

SAMPLES = vendors()
DOCS = Path(__file__).parents[2] / "docs" / "vendors"


def stated(vendor: str) -> str:
    """The lines to write into the adapter."""
    events = [
        e for sample, _ in SAMPLES[vendor].BODIES.values() for e in parsed(vendor, sample).events
    ]
    return f"about = About(gives={abilities(events)}, identities={identities(events)}, …)"


@pytest.mark.parametrize("vendor", sorted(SAMPLES))
def test_what_is_stated_is_shown_by_the_samples_and_the_reverse(vendor: str) -> None:
    about = shown()[vendor].about
    events = [
        e for sample, _ in SAMPLES[vendor].BODIES.values() for e in parsed(vendor, sample).events
    ]
    shows, who = abilities(events), identities(events)
    missing = [
        f"does not state {one!r}, which its samples show" for one in shows if one not in about.gives
    ]
    missing += [f"states {one!r}, which no sample shows" for one in about.gives if one not in shows]
    for kind in who.keys() | about.identities.keys():
        if set(who.get(kind, ())) != set(about.identities.get(kind, ())):
            missing.append(
                f"states {kind} as {about.identities.get(kind, ())}, its samples show {who.get(kind, ())}"
            )
    assert not missing, f"{vendor}: {'; '.join(missing)}. The samples say: {stated(vendor)}"


@pytest.mark.parametrize("vendor", sorted(SAMPLES))
def test_the_rest_is_said_in_words(vendor: str) -> None:
    about = shown()[vendor].about
    missing = [name for name in ("transfer", "lacks", "retries") if not getattr(about, name)]
    if "transfers" not in about.gives and "transfer" in missing:
        missing.remove("transfer")
    assert not missing, f"{vendor}: `about` in its adapter does not say {', '.join(missing)}."


@pytest.mark.parametrize("vendor", sorted(SAMPLES))
def test_a_page_tells_how_to_connect_it(vendor: str) -> None:
    if not is_own(shown()[vendor]):
        return  # a plug-in has its own
    page = DOCS / f"{vendor}.md"
    assert page.is_file(), f"docs/vendors/{vendor}.md is missing."
