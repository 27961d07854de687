"""Real Kafka brokers (KRaft) on free local ports, each run in a temporary folder of its own."""

from __future__ import annotations

import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

ROOT = Path(__file__).resolve().parents[2]
JARS = ROOT / ".cache" / "kafka"
CLUSTER_ID = "ZmlscM91Z2UtdGVzdHMtMQ"


def free_port() -> int:
    """Below those that outgoing connections get: one of these may take a port that was free before
    the server that it was meant for has come up.
    """
    dice = random.SystemRandom()  # tests seed the other one
    while True:
        port = dice.randrange(15_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("", port))
            except OSError:
                continue
            return port


def available() -> str:
    """Empty when a broker can be started, else what is missing, in a sentence."""
    if not shutil.which("java"):
        return "Java is missing: run `make test`, which sees to it."
    if not (JARS / "complete").exists():
        return "Kafka's jars are missing: run `make test`, which fetches them."
    return ""


class Listener(NamedTuple):
    """One more way in: (port that a broker binds, port that it tells its clients) a node."""

    name: str
    protocol: str
    ports: list[tuple[int, int]]


class KafkaNode:
    """One broker of a cluster: start, kill -9, stop, start again on the same data."""

    def __init__(
        self,
        number: int,
        folder: Path,
        ports: list[tuple[int, int]],
        extra: str,
        listener: Listener | None,
    ) -> None:
        self.port, controller = ports[number]
        self.folder = folder / f"node{number + 1}"
        self.folder.mkdir(parents=True)
        self.process: subprocess.Popen[bytes] | None = None
        replicas = min(3, len(ports))
        voters = ",".join(f"{n + 1}@127.0.0.1:{c}" for n, (_, c) in enumerate(ports))
        self.config = self.folder / "server.properties"
        listen = announce = protocol = ""
        if listener:
            bound, announced = listener.ports[number]
            listen = f",{listener.name}://127.0.0.1:{bound}"
            announce = f",{listener.name}://127.0.0.1:{announced}"
            protocol = f",{listener.name}:{listener.protocol}"
        self.config.write_text(
            f"""process.roles=broker,controller
node.id={number + 1}
controller.quorum.voters={voters}
listeners=PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{controller}{listen}
advertised.listeners=PLAINTEXT://127.0.0.1:{self.port}{announce}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT{protocol}
log.dirs={self.folder / "logs"}
offsets.topic.replication.factor={replicas}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor={replicas}
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
{extra}
"""
        )
        self._formatting = self._java(
            "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(self.config)
        )

    def _java(self, *args: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log.txt").open("ab") as log:
            return subprocess.Popen(
                ["java", "-Xmx384m", "-Xms128m", "-XX:+UseSerialGC", "-cp", f"{JARS}/*", *args],
                stdout=log,
                stderr=log,
            )

    def start(self) -> None:
        self._formatting.wait()  # of all nodes side by side
        self.process = self._java("kafka.Kafka", str(self.config))

    def kill(self) -> None:
        """kill -9."""
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None


class KafkaCluster:
    """`with KafkaCluster(1) as kafka: kafka.bootstrap`; clients of a second listener need not come by
    the port that they are told (a proxy's), nor without TLS.
    """

    def __init__(self, nodes: int = 1, extra: str = "", listener: Listener | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="filrouge-kafka-"))
        ports = [(free_port(), free_port()) for _ in range(nodes)]
        self.nodes = [KafkaNode(n, self.folder, ports, extra, listener) for n in range(nodes)]
        self.bootstrap = ",".join(f"127.0.0.1:{port}" for port, _ in ports)

    def __enter__(self) -> KafkaCluster:
        for node in self.nodes:
            node.start()
        self.wait()
        return self

    def wait(self, seconds: float = 60) -> None:
        """Until every broker answers an API request."""
        deadline = time.monotonic() + seconds
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        while True:
            try:
                if len(admin.list_topics(timeout=2).brokers) == len(self.nodes):
                    return
            except KafkaException:
                pass
            if time.monotonic() > deadline:
                logs = "\n".join((n.folder / "log.txt").read_text()[-2000:] for n in self.nodes)
                raise TimeoutError(f"Kafka did not come up:\n{logs}")
            time.sleep(0.2)

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            node.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
