"""Without servers: what a body means, what vendors tell, what a history says."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click
import orjson
from rich.table import Table

from streams.cli.base import (
    err,
    fail,
    main,
    out,
)

# Commands import what they need inside: `filrouge explain` should not wait for Kafka's clients.
# ruff: noqa: PLC0415


@main.command()
@click.option("--vendor", required=True, help="A vendor of `filrouge vendors`.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line a file.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def explain(vendor: str, as_json: bool, files: tuple[Path, ...]) -> None:
    """Show which events a vendor's webhook bodies give, or why none."""
    from streams.explain import UnknownVendorError, explain_files

    ok = True
    try:
        for text, readable in explain_files(
            vendor, files, time.time_ns() // 1_000_000, as_json=as_json
        ):
            click.echo(text)
            ok &= readable
    except UnknownVendorError as error:
        fail(str(error))
    sys.exit(0 if ok else 1)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a vendor.")
@click.argument("names", nargs=-1)
def vendors(names: tuple[str, ...], as_json: bool) -> None:
    """What each vendor tells and what not; all of them, or those named."""
    from streams.channels.page import rows
    from streams.channels.registry import failures

    for sentence in failures().values():
        err.print(sentence, markup=False, highlight=False, soft_wrap=True)
    found = rows()
    if unknown := [name for name in names if name not in found]:
        fail(f"There is no vendor {unknown[0]!r}; there are {', '.join(found)}.")
    for name, about in found.items():
        if names and name not in names:
            continue
        if as_json:
            click.echo(orjson.dumps({"vendor": name, **about}))
            continue
        out.print(name, style="bold", highlight=False)
        grid = Table.grid(padding=(0, 2))
        for label, value in about.items():
            grid.add_row(f"  {label}", value)
        out.print(grid, highlight=False, markup=False)


@main.command()
@click.option(
    "--mapping", "mappings", multiple=True, type=click.Path(path_type=Path),
    help="TOML: columns to events. Several name their files.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--facts", type=click.Path(path_type=Path), help="Write every fact as a JSON line.")
@click.option("--events", type=click.Path(path_type=Path), help="Write every event as a JSON line.")
@click.option(
    "--by", default="channel", show_default=True,
    help="KPI tables by channel, queue, team, topic, detail; comma separated.",
)  # fmt: skip
@click.option(
    "--open", "opening", default="",
    help="Show what stands behind these KPIs, down to the log's threads; comma separated.",
)  # fmt: skip
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def backtest(
    mappings: tuple[Path, ...],
    as_json: bool,
    facts: Path | None,
    events: Path | None,
    by: str,
    opening: str,
    files: tuple[Path, ...],
) -> None:
    """Run the same folds over history, without servers.

    FILES are canonical events (.jsonl, .ndjson), or any CSV, JSON or XES with a mapping; .gz is
    read too.
    docs/backtest.md tells how to write a mapping in twenty minutes.
    """
    from streams.backtest.errors import MappingError
    from streams.backtest.report import backtest_files

    dimensions, opened = (
        tuple(filter(None, (one.strip() for one in names.split(",")))) for names in (by, opening)
    )
    try:
        backtest_files(files, mappings, facts, events, dimensions, opened, as_json=as_json)
    except (MappingError, ValueError) as error:
        fail(str(error))
