"""The command line. Thin: each command calls the room that does the work."""

from __future__ import annotations

import functools
import getpass
import logging
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import msgspec
import orjson
from rich.console import Console
from rich.table import Table

from streams.settings import Settings, SettingsError, load

# Commands import what they need inside: `filrouge explain` should not wait for Kafka's clients.
# ruff: noqa: PLC0415

out = Console()
err = Console(stderr=True)


def _fail(sentence: str, code: int = 2) -> None:
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
            _fail("The settings cannot be used:\n" + "\n".join(f"  {m}" for m in error.mistakes))
        return context.invoke(command, settings, *args, **kwargs)

    return run


def _role(run: Callable[[Settings], int], settings: Settings) -> None:
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    for noisy in ("faust", "aiokafka", "mode", "kafka"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    sys.exit(run(settings))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--settings", type=click.Path(dir_okay=False), help="TOML file with the settings.")
@click.version_option(version("filrouge"), prog_name="filrouge")
@click.pass_context
def main(context: click.Context, settings: str | None) -> None:
    """Filrouge keeps the thread of a customer's need across channels."""
    context.obj = {"settings": settings}


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
@click.option("--seconds", type=int, default=0, help="End after so long and judge what was found.")
@click.option("--port", type=int, default=0, help="The page's port; a free one by default.")
def demo(seconds: int, port: int) -> None:
    """The whole product on this machine, with traffic to watch; nothing to install."""
    from streams.demo.run import run

    sys.exit(run(seconds, port))


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
        _fail(str(error))
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
        _fail(f"There is no vendor {unknown[0]!r}; there are {', '.join(found)}.")
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
@click.option("--mapping", type=click.Path(path_type=Path), help="TOML: columns to events.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--facts", type=click.Path(path_type=Path), help="Write every fact as a JSON line.")
@click.option("--by", default="channel", help="Dimensions of the KPI table, comma separated.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def backtest(
    mapping: Path | None, as_json: bool, facts: Path | None, by: str, files: tuple[Path, ...]
) -> None:
    """Run the same folds over history, without servers."""
    from streams.backtest.report import backtest_files
    from streams.backtest.template import MappingError

    try:
        backtest_files(files, mapping, facts, tuple(filter(None, by.split(","))), as_json=as_json)
    except (MappingError, ValueError) as error:
        _fail(str(error))


@main.group()
def topics() -> None:
    """Kafka's topics."""


@topics.command("create")
@with_settings
def topics_create(settings: Settings) -> None:
    """Make the topics that are missing."""
    from streams.admin.topics import create

    for sentence in _or_fail(create, settings):
        click.echo(sentence)


@topics.command("check")
@with_settings
def topics_check(settings: Settings) -> None:
    """Say what differs from the settings."""
    from streams.admin.topics import check

    wrong = _or_fail(check, settings)
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
    for name, topic in sorted(_or_fail(describe, settings).items()):
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
@click.option("--json", "as_json", is_flag=True)
@with_settings
def lag(settings: Settings, as_json: bool) -> None:
    """How far behind each stage is."""
    from streams.admin.lag import rows

    found = _or_fail(rows, settings)
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
@click.option("--json", "as_json", is_flag=True)
@with_settings
def dead_letters_list(settings: Settings, as_json: bool) -> None:
    """All that are kept."""
    from schemas.cloudevents import rfc3339
    from streams.admin.dead_letters import letters

    found = _or_fail(letters, settings)
    if as_json:
        for letter in found:
            click.echo(orjson.dumps({**msgspec.to_builtins(letter), "value": None}))
        return
    table = Table("id", "when", "source", "stage", "reason", "why")
    for letter in found:
        table.add_row(
            letter.id,
            rfc3339(letter.at_ms),
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

    for letter in _or_fail(letters, settings):
        if letter.id == ident:
            for name, value in letter.headers.items():
                click.echo(f"{name}: {value}")
            click.echo()
            click.echo(letter.value)
            return
    _fail(f"There is no dead letter {ident!r}; see `filrouge dead-letters list`.", 1)


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
        _fail("Name the letters (partition/offset), or --reason, or --all.")
    chosen = [
        letter
        for letter in _or_fail(letters, settings)
        if everything or letter.id in idents or (reason and letter.reason == reason)
    ]
    sent, refused = send_again(settings, chosen)
    for sentence in refused:
        click.echo(sentence)
    click.echo(f"{sent} sent in again.")
    sys.exit(0 if sent else 1)


@main.group()
def identity() -> None:
    """Who is who: look at it, join, undo a join.

    WHO is a customer's id, or KIND:VALUE such as phone:+33612345678; an e-mail address and a number
    that begins with + need no kind.
    """


_IDS = {"ignore_unknown_options": True}
"""Ids may begin with a dash."""
_domain = click.option("--domain", default="", help="The identity domain, if there are several.")
_region = click.option("--region", default="", help="Where numbers without country code are from.")
_by = click.option("--by", default=getpass.getuser, help="Who says it; your login by default.")


@identity.command("show", context_settings=_IDS)
@_domain
@_region
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.argument("who")
@with_settings
def identity_show(settings: Settings, domain: str, region: str, as_json: bool, who: str) -> None:
    """What holds a customer together, and which joins can be undone."""
    from streams.admin import identity as room

    domain = _or_fail(lambda s: room.domain_of(s, domain), settings)
    found = _or_fail(lambda s: room.show(s, domain, who, region), settings)
    if as_json:
        click.echo(orjson.dumps(found))
        return
    from streams.admin.told import customer_told

    for line in customer_told(found):
        click.echo(line)


@identity.command("shared")
@_domain
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@with_settings
def identity_shared(settings: Settings, domain: str, as_json: bool) -> None:
    """Identifiers that two people have, and mailboxes of teams: they find nobody."""
    from schemas.cloudevents import rfc3339
    from streams.admin import identity as room

    domain = _or_fail(lambda s: room.domain_of(s, domain), settings)
    found = _or_fail(lambda s: room.asking(s, lambda people: people.shared(domain)), settings)
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
@_domain
@_region
@_by
@click.argument("winner")
@click.argument("loser")
@with_settings
def identity_join(
    settings: Settings, domain: str, region: str, by: str, winner: str, loser: str
) -> None:
    """Two customers (WHO each) are one person; the first one's id stays."""
    from streams.admin import identity as room

    domain = _or_fail(lambda s: room.domain_of(s, domain), settings)

    async def both(people: Any) -> list[str]:
        return [await room.customer(people, domain, who, region) for who in (winner, loser)]

    ids = _or_fail(lambda s: room.asking(s, both), settings)
    if ids[0] == ids[1]:
        _fail(f"{winner} and {loser} are one customer already.", 1)

    async def done(people: Any) -> bool:
        return bool(await people.current(domain, ids[1]) == ids[0])

    args = {"winner": ids[0], "loser": ids[1]}
    done_now = _or_fail(lambda s: room.say(s, domain, by, "join", args, done), settings)
    _told(done_now, f"{ids[1]} is {ids[0]} now. `filrouge identity show {ids[0]}` names the join.")


@identity.command("split", context_settings=_IDS)
@_domain
@_by
@click.argument("join")
@with_settings
def identity_split(settings: Settings, domain: str, by: str, join: str) -> None:
    """Undo a JOIN, as `identity show` names it: within 90 days of it."""
    from streams.admin import identity as room

    domain = _or_fail(lambda s: room.domain_of(s, domain), settings)

    async def stands(people: Any) -> bool:
        return bool(await people.joined(domain, join))

    async def done(people: Any) -> bool:
        return not await people.joined(domain, join)

    if not _or_fail(lambda s: room.asking(s, stands), settings):
        _fail(f"There is no join {join!r} to undo: never made, undone, or older than 90 days.", 1)
    done_now = _or_fail(lambda s: room.say(s, domain, by, "split", {"join": join}, done), settings)
    _told(done_now, "It is undone. The two are not joined again on what they share.")


@identity.command("attach", context_settings=_IDS)
@_domain
@_region
@_by
@click.argument("source")
@click.argument("conversation")
@click.argument("who", default="")
@with_settings
def identity_attach(
    settings: Settings, domain: str, region: str, by: str, source: str, conversation: str, who: str
) -> None:
    """Confirm whose a probable CONVERSATION of a SOURCE is; or say WHO else's."""
    from streams.admin import identity as room

    domain = _or_fail(lambda s: room.domain_of(s, domain), settings)
    args = {"source": source, "conversation": conversation}
    if who:
        args["customer"] = _or_fail(
            lambda s: room.asking(s, lambda p: room.customer(p, domain, who, region)), settings
        )

    async def done(people: Any) -> bool:
        customer = args.get("customer", "")
        return bool(await people.attached(domain, source, conversation, customer))

    done_now = _or_fail(lambda s: room.say(s, domain, by, "attach", args, done), settings)
    _told(done_now, "It is certain now.")


def _told(done: bool, sentence: str) -> None:
    if done:
        click.echo(sentence)
        return
    _fail(
        "The command is in the log and not done yet. `filrouge lag` says whether a worker has come "
        "to it; if it was refused, `filrouge dead-letters list` says why.",
        1,
    )


@main.group("import")
def import_() -> None:
    """Bring in what other systems know."""


@import_.command("contacts")
@_domain
@_region
@click.option("--column", "columns", multiple=True, help="NAME=KIND: what a column holds.")
@click.option("--dry-run", is_flag=True, help="Only say what would be sent.")
@click.argument("file", type=click.Path(path_type=Path))
@with_settings
def import_contacts(
    settings: Settings,
    domain: str,
    region: str,
    columns: tuple[str, ...],
    dry_run: bool,
    file: Path,
) -> None:
    """Contacts of a CRM from a CSV FILE: who has which numbers, addresses and ids.

    A column counts when its heading is a kind of identifier (phone, email, crm, user, …). Several
    values in a cell are separated by |. With a crm or user column a row is all that the contact
    has: what an earlier file gave him and this one does not is set free.
    """
    from streams.admin import contacts
    from streams.admin import identity as room
    from streams.identity.identifiers import Writing

    domain = _or_fail(lambda s: room.domain_of(s, domain), settings)
    refused = 0

    def events(s: Settings) -> Iterator[Any]:
        nonlocal refused
        writing = Writing(region, s.mail_rules())
        named = contacts.columns_of(columns)
        for row in contacts.rows(file, domain, time.time_ns() // 1_000_000, writing, named):
            for problem in row.problems:
                click.echo(problem, err=True)
            if row.event is not None:
                yield row.event
            else:
                refused += 1

    def import_them(s: Settings) -> int:
        return sum(1 for _ in events(s)) if dry_run else room.send(s, events(s))

    sent = _or_fail(import_them, settings)
    click.echo(f"{sent} contacts {'would be ' if dry_run else ''}sent, {refused} rows refused.")
    sys.exit(0 if sent or not refused else 1)


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


def _or_fail(ask: Callable[[Settings], Any], settings: Settings) -> Any:
    from streams.admin.topics import AdminError

    try:
        return ask(settings)
    except AdminError as error:
        _fail(str(error), 1)


if __name__ == "__main__":
    main()
