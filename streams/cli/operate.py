"""For the operator: topics, lag, dead letters, and whether all is well."""

from __future__ import annotations

import sys

import click
import msgspec
import orjson
from rich.table import Table

from streams.cli.base import (
    fail,
    main,
    or_fail,
    out,
    with_settings,
)
from streams.settings import Settings

# Commands import what they need inside: `filrouge explain` should not wait for Kafka's clients.
# ruff: noqa: PLC0415


@main.group()
def topics() -> None:
    """Kafka's topics."""


@topics.command("create")
@with_settings
def topics_create(settings: Settings) -> None:
    """Make the topics that are missing."""
    from streams.admin.topics import create

    for sentence in or_fail(create, settings):
        click.echo(sentence)


@topics.command("check")
@with_settings
def topics_check(settings: Settings) -> None:
    """Say what differs from the settings."""
    from streams.admin.topics import check

    wrong = or_fail(check, settings)
    for sentence in wrong:
        click.echo(sentence)
    if not wrong:
        click.echo("The topics are as the settings say.")
    sys.exit(1 if wrong else 0)


@topics.command("describe")
@with_settings
def topics_describe(settings: Settings) -> None:
    """Show partitions, replication and settings."""
    from streams.admin.topics import describe

    table = Table("topic", "partitions", "replication", "timestamps", "retention, days")
    for name, topic in sorted(or_fail(describe, settings).items()):
        config = topic.get("config", {})
        days = int(config.get("retention.ms", "0")) / 86_400_000
        table.add_row(
            name,
            str(topic["partitions"]),
            str(topic["replication"]),
            config.get("message.timestamp.type", "CreateTime"),
            "for ever" if days < 0 else f"{days:g}",
        )
    out.print(table)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@with_settings
def lag(settings: Settings, as_json: bool) -> None:
    """How far behind each stage is."""
    from streams.admin.lag import rows

    found = or_fail(rows, settings)
    if as_json:
        click.echo(orjson.dumps([{**msgspec.structs.asdict(r), "lag": r.lag} for r in found]))
        return
    table = Table("stage", "partition", "end", "position", "committed", "lag", "owner")
    for row in found:
        cells = (row.partition, row.end, row.position, row.committed, row.lag)
        table.add_row(row.stage, *("—" if c is None else str(c) for c in cells), row.owner)
    out.print(table)


@main.group("dead-letters")
def dead_letters() -> None:
    """What could not be used, and why."""


@dead_letters.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON line a letter.")
@with_settings
def dead_letters_list(settings: Settings, as_json: bool) -> None:
    """All that are kept."""
    from schemas.cloudevents import rfc3339
    from streams.admin.dead_letters import letters

    found = or_fail(letters, settings)
    if as_json:
        for letter in found:
            click.echo(orjson.dumps({**msgspec.to_builtins(letter), "value": None}))
        return
    table = Table("id", "when", "source", "stage", "reason", "why")
    for letter in found:
        table.add_row(
            letter.id,
            rfc3339(letter.at_ms).replace("T", " "),  # it breaks there, where the room is small
            letter.source,
            letter.stage,
            letter.reason,
            letter.sentence,
        )
    out.print(table)


@dead_letters.command("show")
@click.argument("ident")
@with_settings
def dead_letters_show(settings: Settings, ident: str) -> None:
    """One of them in full: headers, then the body as it came."""
    from streams.admin.dead_letters import letters

    for letter in or_fail(letters, settings):
        if letter.id == ident:
            for name, value in letter.headers.items():
                click.echo(f"{name}: {value}")
            click.echo()
            click.echo(letter.value)
            return
    fail(f"There is no dead letter {ident!r}; see `filrouge dead-letters list`.", 1)


@dead_letters.command("retry")
@click.argument("idents", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All of them.")
@click.option("--reason", default="", help="All with this reason.")
@with_settings
def dead_letters_retry(
    settings: Settings, idents: tuple[str, ...], everything: bool, reason: str
) -> None:
    """Send them in again, with their original headers."""
    from streams.admin.dead_letters import letters, send_again

    if not (idents or everything or reason):
        fail("Name the letters (partition/offset), or --reason, or --all.")
    kept = or_fail(letters, settings)
    if unknown := [ident for ident in idents if ident not in {letter.id for letter in kept}]:
        fail(f"There is no dead letter {unknown[0]!r}; see `filrouge dead-letters list`.", 1)
    chosen = [
        letter
        for letter in kept
        if everything or letter.id in idents or (reason and letter.reason == reason)
    ]
    sent, refused = or_fail(lambda s: send_again(s, chosen), settings)
    for sentence in refused:
        click.echo(sentence)
    click.echo(f"{sent} sent in again.")
    sys.exit(0 if sent else 1)


@main.command()
@with_settings
def doctor(settings: Settings) -> None:
    """Check Kafka, Redis, topics, settings and clocks, and say what to do."""
    from streams.admin.doctor import examine

    healthy = True
    for finding in examine(settings):
        click.echo(f"{'✓' if finding.ok else '✗'} {finding.what}")
        if finding.advice:
            click.echo(f"    {finding.advice}")
        healthy &= finding.ok
    sys.exit(0 if healthy else 1)
