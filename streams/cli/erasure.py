"""A customer is to be forgotten."""

from __future__ import annotations

import click

from streams.cli.base import (
    by_option,
    domain_option,
    fail,
    main,
    or_fail,
    region_option,
    with_settings,
)
from streams.settings import Settings

# Commands import what they need inside: `filrouge explain` should not wait for Kafka's clients.
# ruff: noqa: PLC0415


@main.command("erase", context_settings={"ignore_unknown_options": True})
@domain_option
@region_option
@by_option
@click.option("--reason", default="", help="Why, for the log; nothing personal.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.argument("who")
@with_settings
def erase(
    settings: Settings, domain: str, region: str, by: str, reason: str, yes: bool, who: str
) -> None:
    """Erase a customer. It cannot be undone.

    WHO is a customer's id, or KIND:VALUE such as phone:+33612345678; an e-mail address and a number
    that begins with + need no kind. All that is kept of him leaves Redis at once; no replay brings
    it back. Who turns up by the same number or address later is somebody new.
    """
    from streams.admin import identity as room

    domain = or_fail(lambda s: room.domain_of(s, domain), settings)
    customer = or_fail(
        lambda s: room.asking(s, lambda people: room.customer(people, domain, who, region)),
        settings,
    )
    if not yes:
        click.confirm(f"Erase customer {customer} of {domain} for good?", abort=True)
    if not or_fail(lambda s: room.erase(s, domain, by, customer, reason), settings):
        fail(
            "The request is in the log and not done yet. `filrouge lag` says whether a worker has "
            "come to it.",
            1,
        )
    click.echo(
        f"Customer {customer} is erased. What Kafka holds of the time before goes by itself once "
        f"its topics' {settings.kafka.retention_days} days have passed; facts stay: they name "
        "nobody."
    )
