"""Figures' raw material, for a spreadsheet or a warehouse."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from streams.cli.base import main, or_fail, with_settings
from streams.settings import Settings

# Commands import what they need inside: `filrouge explain` should not wait for Kafka's clients.
# ruff: noqa: PLC0415

_FOREVER_MS = 1 << 53
_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]


def _ms(moment: datetime | None, otherwise: int) -> int:
    """Without a zone it is UTC."""
    if moment is None:
        return otherwise
    from datetime import UTC

    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1_000)


@main.command("export")
@click.option("--from", "since", type=click.DateTime(_FORMATS), help="Cycles begun then or later.")
@click.option("--to", "until", type=click.DateTime(_FORMATS), help="Cycles begun before.")
@click.option("--domain", default="", help="Of this domain only.")
@click.option(
    "--facts", type=click.Path(path_type=Path), help="Read this file of `backtest --facts`."
)
@click.argument("file", type=click.Path(path_type=Path))
@with_settings
def export(
    settings: Settings,
    since: datetime | None,
    until: datetime | None,
    domain: str,
    facts: Path | None,
    file: Path,
) -> None:
    """Write a CSV FILE with a row for each cycle: a need from its opening to its resolution.

    Channels, replies, waits, transfers, promises, scores: docs/kpis.md names the columns. Times
    are UTC, a day begins at midnight UTC. The rows are made of topic journeys, which is kept for
    ever and names nobody.
    """
    from streams.admin import export as room

    since_ms, until_ms = _ms(since, 0), _ms(until, _FOREVER_MS)

    def run(s: Settings) -> int:
        told = room.from_file(facts) if facts else room.from_topic(s)
        return room.write(room.cycles(told, since_ms, until_ms, domain), file)

    count = or_fail(run, settings)
    click.echo(f"{count} cycles written to {file}.")
