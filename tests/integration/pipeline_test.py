"""The whole product on a real Kafka and a real Redis, in the processes that are deployed."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import aiohttp
import pytest
from confluent_kafka import Consumer, TopicPartition

from schemas.cloudevents import decode_event, decode_fact, decode_notification
from schemas.events import MessagePosted
from schemas.notification import Notification
from streams.demo.cast import AGENTS, person
from streams.demo.processes import Processes
from streams.demo.setup import secret
from streams.demo.traffic import meta_whatsapp
from streams.demo.traffic.chatwoot import Desk
from streams.demo.traffic.cloudevents import Company
from tests.servers.kafka import KafkaCluster, free_port
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.servers

CUSTOMERS = 150
PARTITIONS = {"webhooks": 2, "events": 4}
BEGIN_MS = (time.time_ns() // 1_000_000 - 7_200_000) // 1_000 * 1_000
"""Two hours ago: nothing is due but the four hours of a reply."""


class Stack:
    """Gateway, console and workers on topics and a keyspace of their own."""

    def __init__(self, folder: Path, kafka: KafkaCluster, redis: RedisServer) -> None:
        self.name = f"pipe{free_port()}"
        self.kafka = kafka
        self.gateway, self.console = free_port(), free_port()
        sources = {"whatsapp": "meta_whatsapp", "chatwoot": "chatwoot", "company": "cloudevents"}
        topics = ("webhooks", "events", "journeys", "context", "notifications", "dead_letters")
        lines = [f'keyspace = "{self.name}"', "[topics]"]
        lines += [f'{topic} = "{self.topic(topic)}"' for topic in topics]
        lines += [
            "[kafka]", f'bootstrap = "{kafka.bootstrap}"',
            *(f"{role}_partitions = {count}" for role, count in PARTITIONS.items()),
            "[redis]", f'url = "{redis.url}"',
            "[gateway]", f"port = {self.gateway}",
            "[console]", f"port = {self.console}", 'tokens = ["a-token"]',
            "[worker]", f'group = "{self.name}"', "session_timeout_ms = 6000", "metrics_port = 0",
            "[[domain]]", 'name = "acme"', 'key = "a key for the tests only"',
        ]  # fmt: skip
        for source, vendor in sources.items():
            lines += ["[[source]]", f'name = "{source}"', f'vendor = "{vendor}"']
            lines += ['domain = "acme"', f'secrets = ["{secret(source)}"]']
        file = folder / "filrouge.toml"
        file.write_text("\n".join(lines))
        self.processes = Processes(file, folder)

    def topic(self, role: str) -> str:
        return f"{self.name}-{role}"

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        self.processes.log("command").unlink(missing_ok=True)
        child = self.processes.start("command", *arguments)
        child.wait(60)
        text = self.processes.log("command").read_text()
        return subprocess.CompletedProcess(arguments, child.returncode, text, "")

    def worker(self, name: str) -> subprocess.Popen[bytes]:
        return self.processes.start(name, "worker")

    def ask(self, path: str) -> dict[str, object]:
        request = Request(f"http://127.0.0.1:{self.console}{path}")
        request.add_header("Authorization", "Bearer a-token")
        with urlopen(request, timeout=10) as answer:
            return json.load(answer)  # type: ignore[no-any-return]

    def read(self, role: str, count: int, want: int, seconds: float = 60) -> list[bytes]:
        """Values of a topic without repeats (an effect's position is its id)."""
        consumer = Consumer({"bootstrap.servers": self.kafka.bootstrap, "group.id": "look"})
        consumer.assign([TopicPartition(self.topic(role), p, 0) for p in range(count)])
        seen: dict[bytes, bytes] = {}
        deadline = time.monotonic() + seconds
        quiet = 0
        while time.monotonic() < deadline and (len(seen) < want or quiet < 4):
            messages = consumer.consume(1000, timeout=0.5)
            quiet = 0 if messages else quiet + 1
            for message in messages:
                position = dict(message.headers())["filrouge-pos"]
                assert seen.setdefault(position, message.value()) == message.value()
        consumer.close()
        return list(seen.values())


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory,
    kafka_cluster: KafkaCluster,
    redis_server: RedisServer,
) -> Iterator[Stack]:
    made = Stack(tmp_path_factory.mktemp("stack"), kafka_cluster, redis_server)
    with made.processes:
        assert made.command("topics", "create").returncode == 0
        made.processes.start("gateway", "gateway")
        made.processes.wait_ready("gateway", f"http://127.0.0.1:{made.gateway}/readyz")
        yield made


async def customers_write(stack: Stack, numbers: range) -> None:
    """Each writes twice and is answered once; every third delivery is repeated."""
    url = f"http://127.0.0.1:{stack.gateway}/v1/in/whatsapp"
    key = secret("whatsapp")
    async with aiohttp.ClientSession() as session:

        async def post(call: object, times: int) -> None:
            for _ in range(times):
                async with session.post(url, data=call.body, headers=call.headers) as answer:
                    assert answer.status == 200, await answer.text()

        async def one(number: int) -> None:
            who, at = person(number), BEGIN_MS + number * 1_000
            tries = 2 if number % 3 == 0 else 1
            await post(meta_whatsapp.message("whatsapp", key, who, f"a{number}", "hi", at), tries)
            await post(
                meta_whatsapp.echo("whatsapp", key, who, f"b{number}", "yes?", at + 60_000), tries
            )
            await post(
                meta_whatsapp.message("whatsapp", key, who, f"c{number}", "and?", at + 90_000), 1
            )

        for at in range(0, len(numbers), 10):
            await asyncio.gather(*(one(number) for number in numbers[at : at + 10]))
            await asyncio.sleep(0.1)
    await asyncio.sleep(0)  # aiohttp closes its connections in the loop's next round


def test_every_webhook_counts_once_though_a_worker_joins_and_one_is_killed(stack: Stack) -> None:
    first = stack.worker("worker-1")
    third = CUSTOMERS // 3
    asyncio.run(customers_write(stack, range(1, third)))
    stack.worker("worker-2")
    asyncio.run(customers_write(stack, range(third, 2 * third)))
    first.send_signal(signal.SIGKILL)
    first.wait()
    asyncio.run(customers_write(stack, range(2 * third, CUSTOMERS + 1)))

    repeats = sum(2 for number in range(1, CUSTOMERS + 1) if number % 3 == 0)
    deliveries = 3 * CUSTOMERS + repeats
    told = [decode_event(raw) for raw in stack.read("events", 4, deliveries)]
    # Ticks, and what was understood of the words, are events too.
    events = [event for event in told if isinstance(event, MessagePosted)]
    assert len(events) == deliveries
    assert len({event.id for event in events}) == 3 * CUSTOMERS
    assert len({event.customer for event in events}) == CUSTOMERS

    facts = {}
    for raw in stack.read("journeys", 4, CUSTOMERS * 6):
        fact = decode_fact(raw)
        if fact.revision >= facts.get(fact.subject_id, fact).revision:
            facts[fact.subject_id] = fact
    kinds = Counter(str(f.__struct_config__.tag) for f in facts.values() if f.state == "asserted")
    assert kinds["journey.opened"] == CUSTOMERS
    assert kinds["reply.measured"] == CUSTOMERS
    assert kinds["reply.awaited"] == CUSTOMERS  # the second message still waits
    notices = [decode_notification(raw) for raw in stack.read("notifications", 4, 1, 10)]
    ids = [(n.id, n.op) for n in notices if isinstance(n, Notification)]
    assert len(ids) == len(set(ids))


def test_the_console_shows_what_was_counted(stack: Stack) -> None:
    stack.processes.start("console", "console")
    stack.processes.wait_ready("console", f"http://127.0.0.1:{stack.console}/readyz")
    live = stack.ask("/v1/live")
    assert live["waiting"] == {"whatsapp": CUSTOMERS}
    from_ms, to_ms = BEGIN_MS - 3_600_000, BEGIN_MS + 7_200_000
    opened = stack.ask(f"/v1/kpis/volume/cycles?from={from_ms}&to={to_ms}")
    assert opened["sum"] == {"n": CUSTOMERS}
    assert len(opened["entries"]) == CUSTOMERS  # type: ignore[arg-type]
    replies = stack.ask(f"/v1/kpis/first_reply_time/cycles?from={from_ms}&to={to_ms}")
    assert replies["sum"]["n"] == CUSTOMERS  # type: ignore[index]
    assert replies["sum"]["sum"] == CUSTOMERS * 60_000  # type: ignore[index]


def test_an_analyst_gets_a_row_for_each_cycle(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "cycles.csv"
    answer = stack.command("export", str(file))
    assert answer.stdout == f"{CUSTOMERS} cycles written to {file}.\n"
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {row["first_reply_s"] for row in rows} == {"60.0"}
    assert {(row["channels"], row["state"]) for row in rows} == {("whatsapp", "open")}


def test_an_agent_finds_the_context_and_the_journey(stack: Stack) -> None:
    who = person(7)
    context = stack.ask(f"/v1/context?phone=%2B{who.phone[1:]}&agent=501")
    assert [one["text"] for one in context["last_messages"]] == ["hi", "yes?", "and?"]  # type: ignore[attr-defined]
    [journey] = context["journeys"]  # type: ignore[misc]
    found = stack.ask(f"/v1/journeys/{journey['id']}")
    assert found["channels"] == ["whatsapp"]
    # The look-up is itself an event of the customer's.
    deadline = time.monotonic() + 20
    while "viewed" not in [e["kind"] for e in found["timeline"]]:  # type: ignore[attr-defined]
        assert time.monotonic() < deadline
        time.sleep(0.2)
        found = stack.ask(f"/v1/journeys/{journey['id']}")


def test_bad_bodies_become_dead_letters_and_can_be_sent_in_again(stack: Stack) -> None:
    call = Company("company", secret("company")).broken()
    request = Request(
        f"http://127.0.0.1:{stack.gateway}/v1/in/company", call.body, dict(call.headers)
    )
    with urlopen(request, timeout=10) as answer:
        assert answer.status == 200
    [raw] = stack.read("dead_letters", 4, 1, 20)
    assert raw == b"{not json"
    [letter] = stack.command("dead-letters", "list", "--json").stdout.splitlines()
    assert json.loads(letter)["reason"] == "malformed"
    assert "not JSON" in json.loads(letter)["sentence"]
    shown = stack.command("dead-letters", "show", json.loads(letter)["id"]).stdout
    assert "{not json" in shown and "dead-stage: normalise" in shown
    again = stack.command("dead-letters", "retry", "--reason", "malformed")
    assert again.returncode == 0, again.stdout
    assert len(stack.read("dead_letters", 4, 2, 20)) == 2


def test_a_stranger_gets_an_answer_that_says_why(stack: Stack) -> None:
    desk = Desk("chatwoot", secret("someone else's"))
    call = desk.message(1, 2, person(3), "hello", time.time_ns() // 1_000_000, AGENTS[0])

    async def post(path: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        url = f"http://127.0.0.1:{stack.gateway}/v1/in/{path}"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=io.BytesIO(body), headers=headers) as answer,
        ):
            said = answer.status, await answer.text()
        await asyncio.sleep(0.3)  # a connection closes when what was still to be sent is gone
        return said

    headers = dict(call.headers)
    status, text = asyncio.run(post("chatwoot", call.body, headers))
    assert status == 401 and "does not fit" in text
    status, text = asyncio.run(post("nowhere", b"{}", {}))
    assert status == 404 and "nowhere" in text
    status, text = asyncio.run(post("chatwoot", b"x" * 10_000_000, headers))
    assert status == 413 and "1048576 bytes" in text


def identity(stack: Stack, who: str) -> dict[str, object]:
    answer = stack.command("identity", "show", "--json", who)
    assert answer.returncode == 0, answer.stdout
    return json.loads(answer.stdout)  # type: ignore[no-any-return]


def test_an_operator_joins_looks_undoes_and_imports(stack: Stack, tmp_path: Path) -> None:
    ada, bo = (f"whatsapp:{person(number).phone.lstrip('+')}" for number in (1, 2))
    winner, loser = identity(stack, ada)["customer"], identity(stack, bo)["customer"]
    assert winner != loser
    answer = stack.command("identity", "join", ada, bo)
    assert answer.returncode == 0, answer.stdout
    shown = identity(stack, bo)
    assert (shown["customer"], shown["members"]) == (winner, [loser])
    [join] = [one["join"] for one in shown["joins"]]  # type: ignore[attr-defined]
    assert stack.ask(f"/v1/identity?customer={loser}") == shown
    assert f"identity split {join}" in stack.command("identity", "show", ada).stdout

    request = Request(f"http://127.0.0.1:{stack.console}/v1/identity/split", method="POST")
    request.add_header("Authorization", "Bearer a-token")
    request.add_header("Content-Type", "application/json")
    request.data = json.dumps({"join": join, "agent": "zoe"}).encode()
    with urlopen(request, timeout=10) as accepted:
        assert accepted.status == 202
    deadline = time.monotonic() + 30
    while identity(stack, bo)["customer"] == winner and time.monotonic() < deadline:
        time.sleep(0.5)
    into = identity(stack, bo)["customer"]
    assert into not in {winner, loser}
    assert identity(stack, bo)["apart"] == [winner]
    assert stack.command("identity", "split", join).returncode == 1

    file = tmp_path / "contacts.csv"
    file.write_text(f"crm,whatsapp,email\n7,{ada.partition(':')[2]},ada@example.com\n")
    answer = stack.command("import", "contacts", str(file))
    assert "1 contacts sent, 0 rows refused." in answer.stdout
    deadline = time.monotonic() + 30
    while stack.command("identity", "show", "ada@example.com").returncode:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert identity(stack, "ada@example.com")["customer"] == winner
    assert json.loads(stack.command("identity", "shared", "--json").stdout) == []


def test_a_customer_is_erased_and_may_come_again(stack: Stack) -> None:
    cleo = person(3)
    number = f"whatsapp:{cleo.phone.lstrip('+')}"
    customer = str(identity(stack, number)["customer"])
    assert stack.ask(f"/v1/context?customer={customer}")["journeys"]
    unsure = stack.command("erase", number)  # nobody answers whether that is meant
    assert unsure.returncode == 1 and f"Erase customer {customer}" in unsure.stdout
    assert identity(stack, number)["customer"] == customer
    erased = stack.command("erase", "--yes", "--reason", "asked for by letter", number)
    assert erased.returncode == 0 and f"Customer {customer} is erased." in erased.stdout
    for who in (number, customer):
        gone = stack.command("erase", "--yes", who)
        assert gone.returncode == 1, gone.stdout

    asyncio.run(customers_write(stack, range(3, 4)))  # as it was told before
    call = meta_whatsapp.message(
        "whatsapp", secret("whatsapp"), cleo, "new", "Hello!", time.time_ns() // 1_000_000
    )
    url = f"http://127.0.0.1:{stack.gateway}/v1/in/whatsapp"
    with urlopen(Request(url, call.body, dict(call.headers)), timeout=10) as answer:
        assert answer.status == 200
    deadline = time.monotonic() + 30
    while stack.command("identity", "show", number).returncode:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    again = str(identity(stack, number)["customer"])
    assert again != customer
    context = stack.ask(f"/v1/context?customer={again}")
    assert [one["text"] for one in context["last_messages"]] == ["Hello!"]  # type: ignore[attr-defined]


def test_a_policy_is_changed_through_the_log(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('[policy]\nversion = "autumn"\nreply_target_mail_ms = "soon"\n')
    refused = stack.command("policy", "set", str(file))
    assert refused.returncode == 1 and "reply_target_mail_ms" in refused.stdout
    file.write_text(
        '[policy]\nversion = "autumn"\nreply_target_mail_ms = 3600000\n'
        '[policy.calendars.default]\nzone = "Europe/Paris"\nhours = "mon-fri 09:00-18:00"\n'
    )
    assert "86400000 → 3600000" in stack.command("policy", "set", "--dry-run", str(file)).stdout
    assert json.loads(stack.command("policy", "show", "--json").stdout)["version"] == "default-1"
    done = stack.command("policy", "set", str(file))
    assert "Policy autumn holds in" in done.stdout, done.stdout
    holds = json.loads(stack.command("policy", "show", "--json").stdout)
    assert holds["reply_target_mail_ms"] == 3_600_000
    assert holds["calendars"]["default"]["zone"] == "Europe/Paris"
    again = stack.command("policy", "set", str(file))
    assert "That is what holds already." in again.stdout


def test_lag_topics_and_doctor_tell_the_truth(stack: Stack) -> None:
    lag = stack.command("lag", "--json")
    assert lag.returncode == 0, lag.stdout
    assert stack.command("topics", "check").returncode == 0
    described = stack.command("topics", "describe")
    assert "LogAppendTime" in described.stdout
    doctor = stack.command("doctor")
    assert "✓ Kafka answers" in doctor.stdout, doctor.stdout
    assert "✓ The topics are as the settings say" in doctor.stdout, doctor.stdout
