"""Who is who: identity and contacts."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import orjson
from rich.table import Table

from streams.cli.base import (
    by_option,
    domain_option,
    fail,
    main,
    or_fail,
    out,
    region_option,
    with_settings,
)
from streams.settings import Settings

# Commands import what they need inside: `filrouge explain` should not wait for Kafka's clients.
# ruff: noqa: PLC0415


@main.group()
def identity() -> None:
    """Who is who: look at it, join, undo a join.

    WHO is a customer's id, or KIND:VALUE such as phone:+33612345678; an e-mail address and a number
    that begins with + need no kind.
    """


_IDS = {"ignore_unknown_options": True}
"""Ids may begin with a dash."""


@identity.command("show", context_settings=_IDS)
@domain_option
@region_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.argument("who")
@with_settings
def identity_show(settings: Settings, domain: str, region: str, as_json: bool, who: str) -> None:
    """What holds a customer together, and which joins can be undone."""
    from streams.admin import identity as room

    domain = or_fail(lambda s: room.domain_of(s, domain), settings)
    found = or_fail(lambda s: room.show(s, domain, who, region), settings)
    if as_json:
        click.echo(orjson.dumps(found))
        return
    from streams.admin.told import customer_told

    for line in customer_told(found):
        click.echo(line)


@identity.command("shared")
@domain_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@with_settings
def identity_shared(settings: Settings, domain: str, as_json: bool) -> None:
    """Identifiers that two people have, and mailboxes of teams: they find nobody."""
    from schemas.cloudevents import rfc3339
    from streams.admin import identity as room

    domain = or_fail(lambda s: room.domain_of(s, domain), settings)
    found = or_fail(lambda s: room.asking(s, lambda people: people.shared(domain)), settings)
    if as_json:
        click.echo(orjson.dumps(found))
        return
    table = Table("kind", "since", "source", "mailbox", "customers")
    for one in found:
        table.add_row(
            one["kind"],
            rfc3339(one["since_ms"]),
            one["source"],
            one["mailbox"] or "—",
            "\n".join(one["customers"]) or "a team's",
        )
    out.print(table)


@identity.command("join", context_settings=_IDS)
@domain_option
@region_option
@by_option
@click.argument("winner")
@click.argument("loser")
@with_settings
def identity_join(
    settings: Settings, domain: str, region: str, by: str, winner: str, loser: str
) -> None:
    """Two customers (WHO each) are one person; the first one's id stays."""
    from streams.admin import identity as room

    domain = or_fail(lambda s: room.domain_of(s, domain), settings)

    async def both(people: Any) -> list[str]:
        return [await room.customer(people, domain, who, region) for who in (winner, loser)]

    ids = or_fail(lambda s: room.asking(s, both), settings)
    if ids[0] == ids[1]:
        fail(f"{winner} and {loser} are one customer already.", 1)

    async def done(people: Any) -> bool:
        return bool(await people.current(domain, ids[1]) == ids[0])

    args = {"winner": ids[0], "loser": ids[1]}
    done_now = or_fail(lambda s: room.say(s, domain, by, "join", args, done), settings)
    _told(done_now, f"{ids[1]} is {ids[0]} now. `filrouge identity show {ids[0]}` names the join.")


@identity.command("split", context_settings=_IDS)
@domain_option
@by_option
@click.argument("join")
@with_settings
def identity_split(settings: Settings, domain: str, by: str, join: str) -> None:
    """Undo a JOIN, as `identity show` names it: within 90 days of it."""
    from streams.admin import identity as room

    domain = or_fail(lambda s: room.domain_of(s, domain), settings)

    async def stands(people: Any) -> bool:
        return bool(await people.joined(domain, join))

    async def done(people: Any) -> bool:
        return not await people.joined(domain, join)

    if not or_fail(lambda s: room.asking(s, stands), settings):
        fail(f"There is no join {join!r} to undo: never made, undone, or older than 90 days.", 1)
    done_now = or_fail(lambda s: room.say(s, domain, by, "split", {"join": join}, done), settings)
    _told(done_now, "It is undone. The two are not joined again on what they share.")


@identity.command("attach", context_settings=_IDS)
@domain_option
@region_option
@by_option
@click.argument("source")
@click.argument("conversation")
@click.argument("who", default="")
@with_settings
def identity_attach(
    settings: Settings, domain: str, region: str, by: str, source: str, conversation: str, who: str
) -> None:
    """Confirm whose a probable CONVERSATION of a SOURCE is; or say WHO else's."""
    from streams.admin import identity as room

    domain = or_fail(lambda s: room.domain_of(s, domain), settings)
    if not or_fail(
        lambda s: room.asking(s, lambda p: p.has(domain, source, conversation)), settings
    ):
        fail(
            f"No conversation {conversation!r} of {source!r} is known in domain {domain!r}. "
            "`filrouge identity show` names the probable ones; if it has only just begun, "
            "`filrouge lag` says whether a worker has come to it.",
            1,
        )
    args = {"source": source, "conversation": conversation}
    if who:
        args["customer"] = or_fail(
            lambda s: room.asking(s, lambda p: room.customer(p, domain, who, region)), settings
        )

    async def done(people: Any) -> bool:
        customer = args.get("customer", "")
        return bool(await people.attached(domain, source, conversation, customer))

    done_now = or_fail(lambda s: room.say(s, domain, by, "attach", args, done), settings)
    _told(done_now, "It is certain now.")


def _told(done: bool, sentence: str) -> None:
    if done:
        click.echo(sentence)
        return
    fail(
        "The command is in the log and not done yet. `filrouge lag` says whether a worker has come "
        "to it; if it was refused, `filrouge dead-letters list` says why.",
        1,
    )


@main.group("import")
def import_() -> None:
    """Bring in what other systems know."""


@import_.command("contacts")
@domain_option
@region_option
@click.option("--column", "columns", multiple=True, help="NAME=KIND: what a column holds.")
@click.option("--encoding", default="", help="Of the file, such as cp1252; UTF-8 by default.")
@click.option("--dry-run", is_flag=True, help="Only say what would be sent.")
@click.argument("file", type=click.Path(path_type=Path))
@with_settings
def import_contacts(
    settings: Settings,
    domain: str,
    region: str,
    columns: tuple[str, ...],
    encoding: str,
    dry_run: bool,
    file: Path,
) -> None:
    """Contacts of a CRM from a CSV FILE: who has which numbers, addresses and ids.

    A column counts when its heading is a kind of identifier (phone, email, crm, user, …). Several
    values in a cell are separated by |. With a crm or user column a contact's rows are all that he
    has: what an earlier file gave him and this one does not is set free.
    """
    from streams.admin import contacts
    from streams.admin import identity as room
    from streams.identity.identifiers import Writing

    domain = or_fail(lambda s: room.domain_of(s, domain), settings)
    refused = 0

    def events(s: Settings) -> Iterator[Any]:
        nonlocal refused
        writing = Writing(region, s.mail_rules())
        named = contacts.columns_of(columns)
        now_ms = time.time_ns() // 1_000_000
        for row in contacts.rows(file, domain, now_ms, writing, named, encoding):
            for problem in row.problems:
                click.echo(problem, err=True)
            if row.event is not None:
                yield row.event
            else:
                refused += 1

    def import_them(s: Settings) -> int:
        return sum(1 for _ in events(s)) if dry_run else room.send(s, events(s))

    sent = or_fail(import_them, settings)
    click.echo(f"{sent} contacts {'would be ' if dry_run else ''}sent, {refused} rows refused.")
    sys.exit(0 if sent or not refused else 1)
