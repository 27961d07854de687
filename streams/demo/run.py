"""`filrouge demo`: starts everything, plays customers, tells what is seen, judges itself."""

from __future__ import annotations

import asyncio
import signal
import tempfile
import time
from pathlib import Path

import msgspec
from aiohttp import web
from confluent_kafka import Producer
from rich.console import Console

from schemas.common import Actor
from schemas.events import PolicyChanged
from streams.demo.embedded import PARTITIONS, Embedded
from streams.demo.judge import Verdict, judge
from streams.demo.player import Player
from streams.demo.processes import Processes, StartError
from streams.demo.setup import DOMAIN, POLICY, Addresses, addresses, settings_file, sources
from streams.demo.tell import Teller
from streams.demo.watch import Watch
from streams.engine.first_party import in_webhooks, own_event

TOPICS = ("webhooks", "events", "journeys", "context", "notifications", "dead-letters")
SETTLE_S = 26
"""How long the last stories need to come to all of their conclusions."""

out = Console(highlight=False)


def run(seconds: int, port: int, seed: int) -> int:
    """0 when what was found is what happened (or no end was asked for); 1 otherwise."""
    # Whoever ends it with SIGTERM, or runs it in a shell's background, leaves no children behind.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        with tempfile.TemporaryDirectory(prefix="filrouge-demo-") as folder, Embedded() as servers:
            return asyncio.run(_run(seconds, port, seed, Path(folder), servers))
    except StartError as error:
        out.print(str(error), markup=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        out.print("\nThe demo ends; nothing of it is kept.")
        return 0


async def _run(seconds: int, port: int, seed: int, folder: Path, servers: Embedded) -> int:
    where = addresses()
    if port:
        where = msgspec.structs.replace(where, console=port)
    gateway, page = (f"http://127.0.0.1:{p}" for p in (where.gateway, where.console))
    played = sources(gateway)
    file = settings_file(folder, servers, where, played.values())
    make_topics(servers.bootstrap)
    notices = await _subscriber(where)
    with Processes(file, folder) as processes:
        processes.start("gateway", "gateway")
        processes.start("worker", "worker")
        processes.start("console", "console")
        out.print(f"[bold]The live page: http://127.0.0.1:{where.console}/[/bold]")
        out.print("Starting the gateway, a worker and the console…")
        await asyncio.to_thread(_wait, processes, where)
        send_policy(servers.bootstrap)
        await asyncio.sleep(1)
        out.print("Customers begin to write and call. What Filrouge sees:\n")
        watch = Watch(servers.bootstrap, PARTITIONS)
        player = Player(gateway, page, played, seed)
        try:
            verdict = await _play(seconds, player, watch, processes, where)
        finally:
            await player.close()
            watch.close()
            await notices.cleanup()
    if verdict is None:
        return 0
    _report(verdict)
    return 0 if verdict.good else 1


def _wait(processes: Processes, where: Addresses) -> None:
    processes.wait_ready("gateway", f"http://127.0.0.1:{where.gateway}/readyz")
    processes.wait_ready("worker", f"http://127.0.0.1:{where.metrics}/readyz")
    processes.wait_ready("console", f"http://127.0.0.1:{where.console}/readyz")


async def _play(
    seconds: int, player: Player, watch: Watch, processes: Processes, where: Addresses
) -> Verdict | None:
    """Until the time is over (then the verdict), or until Ctrl-C."""
    ends = time.monotonic() + seconds if seconds else None
    teller = Teller()
    playing = asyncio.create_task(player.play(max(1, seconds - SETTLE_S) if seconds else None))
    while ends is None or time.monotonic() < ends or not playing.done():
        for news in await asyncio.to_thread(lambda: list(watch.poll(0.2))):
            if sentence := teller.told(news):
                out.print(sentence)
        if fallen := processes.fallen():
            raise StartError(fallen)
        if playing.done() and (error := playing.exception()):
            raise error
    console = f"http://127.0.0.1:{where.console}"
    return await judge(player.truths, watch, console, player.sent, player.vendors)


def make_topics(bootstrap: str) -> None:
    """The mock broker makes a topic when it is asked for its metadata."""
    producer = Producer({"bootstrap.servers": bootstrap, "log_level": 0})
    for topic in TOPICS:
        producer.list_topics(topic, 10)


def send_policy(bootstrap: str) -> None:
    """The demo's short durations, as an operator would set them."""
    now_ms = time.time_ns() // 1_000_000
    event = own_event(PolicyChanged, DOMAIN, now_ms, Actor("system"), version="demo", policy=POLICY)
    value, headers = in_webhooks(event)
    producer = Producer({"bootstrap.servers": bootstrap, "log_level": 0, "partitioner": "murmur2"})
    producer.produce("webhooks", value, DOMAIN, headers=headers)
    producer.flush(10)


async def _subscriber(where: Addresses) -> web.AppRunner:
    """Takes the notices that are delivered, as a customer's own system would."""

    async def take(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/notices", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", where.subscriber).start()
    return runner


def _report(verdict: Verdict) -> None:
    out.print("\n[bold]What was found, beside what happened[/bold]")
    for line in verdict.lines:
        out.print(f"  {line}")
    for sentence in verdict.differences:
        out.print(f"  [red]{sentence}[/red]")
    out.print("[green]Everything was found.[/green]" if verdict.good else "[red]It differs.[/red]")
