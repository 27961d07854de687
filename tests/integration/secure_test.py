"""Kafka behind TLS, client certificates and SASL; Redis behind TLS and an ACL user: for real."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from confluent_kafka.admin import (
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from streams.demo.cast import person
from streams.demo.processes import Processes
from streams.demo.setup import secret
from streams.demo.stories import now_ms
from streams.demo.traffic import meta_whatsapp
from tests.servers import kafka, redis
from tests.servers.certificates import Authority
from tests.servers.kafka import ROOT, KafkaCluster, Listener, free_port
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.servers

USER, PASSWORD = "filrouge", "correct horse"
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
PLAIN = (
    f'org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
)

ACL = ("on", f">{PASSWORD.replace(' ', '_')}", "~fr:*", "-@all", "+@read", "+@write", "+@scripting",
       "+@connection", "+time", "+info", "+config|get")  # fmt: skip
"""What docs/operations.md says a user of Filrouge's needs."""


class Secured:
    """A broker and a Redis that nobody speaks to in the clear, and settings for them."""

    def __init__(self, folder: Path, bootstrap: str, authority: Authority, redis_port: int) -> None:
        self.folder = folder
        self._bootstrap = bootstrap
        self._authority = authority
        self._client, self._key, _ = authority.issue("client")
        self._redis_port = redis_port
        self.gateway = free_port()

    def settings(
        self, mechanism: str, name: str, password: str = PASSWORD, login: str = ""
    ) -> Path:
        place = login or f"{USER}:{PASSWORD.replace(' ', '_')}"
        lines = [
            f'keyspace = "{name}"', "[topics]",
            *(f'{role} = "{name}-{role}"' for role in
              ("webhooks", "events", "journeys", "context", "notifications", "dead_letters")),
            "[kafka]", f'bootstrap = "{self._bootstrap}"', 'security_protocol = "SASL_SSL"',
            f'ssl_ca_file = "{self._authority.ca}"', f'ssl_cert_file = "{self._client}"',
            f'ssl_key_file = "{self._key}"', f'sasl_mechanism = "{mechanism}"',
            f'sasl_username = "{USER}"', f'sasl_password = "{password}"',
            "webhooks_partitions = 1", "events_partitions = 1",
            "[redis]",
            f'url = "rediss://{place}@127.0.0.1:{self._redis_port}/0?ssl_ca_certs={self._authority.ca}"',
            "[gateway]", f"port = {self.gateway}",
            "[worker]", f'group = "{name}"', "session_timeout_ms = 6000", "metrics_port = 0",
            "[[domain]]", 'name = "acme"', 'key = "a key for the tests only"',
            "[[source]]", 'name = "whatsapp"', 'vendor = "meta_whatsapp"', 'domain = "acme"',
            f'secrets = ["{secret("whatsapp")}"]',
        ]  # fmt: skip
        file = self.folder / f"{name}.toml"
        file.write_text("\n".join(lines))
        return file


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    if missing := kafka.available() or redis.available():
        pytest.fail(missing)
    folder = tmp_path_factory.mktemp("secured")
    authority = Authority(folder)
    certificate, key, both = authority.issue("server")
    port, tls = free_port(), free_port()
    name = "listener.name.secured"
    extra = "\n".join(
        [
            f"{name}.ssl.keystore.type=PEM", f"{name}.ssl.keystore.location={both}",
            f"{name}.ssl.truststore.type=PEM", f"{name}.ssl.truststore.location={authority.ca}",
            f"{name}.ssl.client.auth=required",
            f"{name}.sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN",
            f"{name}.scram-sha-512.sasl.jaas.config={SCRAM}",
            f"{name}.plain.sasl.jaas.config={PLAIN}",
        ]
    )  # fmt: skip
    server = RedisServer(
        "--tls-port", str(tls), "--tls-cert-file", str(certificate), "--tls-key-file", str(key),
        "--tls-ca-cert-file", str(authority.ca), "--tls-auth-clients", "optional",
    )  # fmt: skip
    listener = Listener("SECURED", "SASL_SSL", [(port, port)])
    with KafkaCluster(1, extra, listener) as cluster, server:
        with server.client() as client:
            client.execute_command("ACL", "SETUSER", USER, *ACL)
            client.execute_command("ACL", "SETUSER", "default", "off")
        upsertion = UserScramCredentialUpsertion(
            USER, ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096), PASSWORD.encode()
        )
        admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
        for done in admin.alter_user_scram_credentials([upsertion]).values():
            done.result(30)
        yield Secured(folder, f"127.0.0.1:{port}", authority, tls)


def filrouge(settings: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "streams.cli", *arguments]
    env = {**os.environ, "FILROUGE_SETTINGS": str(settings)}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "PLAIN"])
def test_a_webhook_goes_all_the_way_by_tls(secured: Secured, mechanism: str) -> None:
    name = mechanism.partition("-")[0].lower()
    settings = secured.settings(mechanism, name)
    made = filrouge(settings, "topics", "create")
    assert made.returncode == 0, made.stdout + made.stderr
    with Processes(settings, secured.folder) as processes:
        processes.start(f"{name}-gateway", "gateway")
        processes.start(f"{name}-worker", "worker")
        url = f"http://127.0.0.1:{secured.gateway}"
        processes.wait_ready(f"{name}-gateway", f"{url}/readyz")
        call = meta_whatsapp.message("whatsapp", secret("whatsapp"), person(1), "a", "hi", now_ms())
        with urlopen(
            Request(f"{url}/v1/in/whatsapp", call.body, dict(call.headers)), timeout=20
        ) as answer:
            assert answer.status == 200
        deadline = time.monotonic() + 90
        while not _journey_folded(filrouge(settings, "lag", "--json").stdout):
            assert time.monotonic() < deadline, processes.log(f"{name}-worker").read_text()
            time.sleep(0.5)
        doctor = filrouge(settings, "doctor")
        assert doctor.returncode == 0, doctor.stdout + doctor.stderr


def _journey_folded(text: str) -> bool:
    rows = json.loads(text or "[]")
    return any(
        row["stage"] == "journeys" and (row["position"] or 0) >= 1 and not row["lag"]
        for row in rows
    )


def test_a_wrong_password_is_a_sentence_without_the_password(secured: Secured) -> None:
    settings = secured.settings("SCRAM-SHA-512", "wrong", password="not it")
    refused = filrouge(settings, "worker")
    assert refused.returncode == 1
    assert "Kafka at" in refused.stderr and "does not answer" in refused.stderr
    settings = secured.settings("SCRAM-SHA-512", "scram", login=f"{USER}:not_it_either")
    refused = filrouge(settings, "worker")
    assert refused.returncode == 1
    assert f"Redis at rediss://{USER}@127.0.0.1" in refused.stderr, refused.stderr
    assert "Traceback" not in refused.stderr and "not_it_either" not in refused.stderr
