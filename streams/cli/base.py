"""What the commands share: settings, sentences for what goes wrong, the root."""

from __future__ import annotations

import functools
import getpass
import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import click
from rich.console import Console

from streams.settings import Settings, SettingsError
from streams.settings_file import load

# Commands import what they need inside: `filrouge explain` should not wait for Kafka's clients.
# ruff: noqa: PLC0415

out = Console()
err = Console(stderr=True)

domain_option = click.option("--domain", default="", help="The domain, if there are several.")
region_option = click.option(
    "--region", default="", help="Where numbers without country code are from."
)


def login() -> str:
    """Who is logged in; a container may run under a number that has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


by_option = click.option("--by", default=login, help="Who says it; your login by default.")


def fail(sentence: str, code: int = 2) -> None:
    err.print(sentence, markup=False, highlight=False, soft_wrap=True)
    sys.exit(code)


def with_settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives the command its settings; mistakes in them are sentences and exit code 2."""

    @click.pass_context
    @functools.wraps(command)
    def run(context: click.Context, *args: Any, **kwargs: Any) -> Any:
        try:
            settings = load(context.obj["settings"])
        except SettingsError as error:
            fail("The settings cannot be used:\n" + "\n".join(f"  {m}" for m in error.mistakes))
        return context.invoke(command, settings, *args, **kwargs)

    return run


def or_fail(ask: Callable[[Settings], Any], settings: Settings) -> Any:
    from confluent_kafka import KafkaException

    from streams.admin.topics import AdminError

    try:
        return ask(settings)
    except AdminError as error:
        fail(str(error), 1)
    except KafkaException as error:
        fail(no_client(error))


def no_client(error: Exception) -> str:
    """Kafka's clients look at their settings when they are made."""
    return f"Kafka's client cannot be made of what [kafka] says: {error.args[0].str()}."


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--settings",
    type=click.Path(dir_okay=False),
    help="TOML file with the settings; else FILROUGE_SETTINGS, else ./filrouge.toml.",
)
@click.version_option(version("filrouge"), prog_name="filrouge")
@click.pass_context
def main(context: click.Context, settings: str | None) -> None:
    """Filrouge keeps the thread of a customer's need across channels."""
    context.obj = {"settings": settings}
