"""The policy of a domain: what holds, and a change of it."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
from rich.table import Table

from streams.cli.base import (
    by_option,
    domain_option,
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
def policy() -> None:
    """What conclusions depend on: windows, targets, promises, calendars."""


@policy.command("show")
@domain_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_settings
def policy_show(settings: Settings, domain: str, as_json: bool) -> None:
    """The policy that holds now; what differs from the defaults stands out."""
    from streams.admin import identity as room
    from streams.admin import policy as policies

    domain = or_fail(lambda s: room.domain_of(s, domain), settings)
    holds = or_fail(lambda s: policies.current(s, domain), settings)
    if as_json:
        click.echo(msgspec.json.encode(holds))
        return
    table = Table("field", "value", title=f"Policy {holds.version} of {domain}")
    for name, value, default in policies.told(holds):
        table.add_row(name, value, style="" if default else "bold")
    out.print(table)


@policy.command("set")
@domain_option
@by_option
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.argument("file", type=click.Path(path_type=Path))
@with_settings
def policy_set(settings: Settings, domain: str, by: str, dry_run: bool, file: Path) -> None:
    """Change the fields that a TOML FILE names; the rest stays as it is.

    The change is a record of the log: what was concluded before it stands, what comes after it is
    concluded by it, in every replay.
    """
    from streams.admin import identity as room
    from streams.admin import policy as policies

    domain = or_fail(lambda s: room.domain_of(s, domain), settings)
    change = or_fail(lambda s: policies.read(s, domain, file), settings)
    for line in change.told:
        click.echo(line)
    if dry_run or not change.told:
        click.echo("Nothing was sent." if dry_run else "That is what holds already.")
        return
    if not or_fail(lambda s: policies.send(s, domain, by, change), settings):
        fail(
            "The change is in the log and not done yet; `filrouge lag` says how far workers are.",
            1,
        )
    click.echo(f"Policy {change.version} holds in {domain} from now on.")
