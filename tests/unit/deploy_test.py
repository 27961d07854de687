"""What is deployed is what is tested: compose file, image, Prometheus rules."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from streams import metrics
from streams.engine.worker import STOP_S
from streams.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())

TESTED_COMMANDS = {
    ("topics", "create"),
    ("gateway",),
    ("worker",),
    ("console",),
}
"""The start commands that tests/integration/pipeline_test.py runs as processes."""


def test_every_start_command_is_one_that_the_tests_run() -> None:
    ours = [s for s in COMPOSE["services"].values() if s["image"].startswith("filrouge")]
    assert {tuple(service["command"]) for service in ours} == TESTED_COMMANDS
    text = (ROOT / "tests/integration/pipeline_test.py").read_text()
    for command in TESTED_COMMANDS:
        assert ", ".join(f'"{word}"' for word in command) in text


def test_every_image_is_pinned() -> None:
    images = [service["image"] for service in COMPOSE["services"].values()]
    images += re.findall(r"^FROM (\S+)", (ROOT / "deploy/Dockerfile").read_text(), re.MULTILINE)
    assert all(re.search(r":v?\d+\.\d+\.\d+", image) for image in images), images


def test_redis_keeps_what_it_acknowledged_and_evicts_nothing() -> None:
    command = COMPOSE["services"]["redis"]["command"]
    assert command[command.index("--appendonly") + 1] == "yes"
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"


def test_a_worker_may_end_before_it_is_killed() -> None:
    workers = [s for s in COMPOSE["services"].values() if s.get("command") == ["worker"]]
    assert workers
    for service in workers:
        assert float(service["stop_grace_period"].removesuffix("s")) > STOP_S


def test_each_role_that_is_scraped_is_a_service_with_that_port() -> None:
    scraped = yaml.safe_load((ROOT / "deploy/prometheus.yml").read_text())["scrape_configs"]
    places = {
        target for job in scraped for one in job["static_configs"] for target in one["targets"]
    }
    settings = Settings()
    ports = {
        "gateway": settings.gateway.port, "console": settings.console.port,
        "worker": settings.worker.metrics_port,
    }  # fmt: skip
    assert places == {
        f"{name}:{ports[service['command'][0]]}"
        for name, service in COMPOSE["services"].items()
        if service.get("command", [""])[0] in ports
    }


def test_each_metric_that_the_pages_name_exists() -> None:
    ours = [m for m in vars(metrics).values() if isinstance(m, MetricWrapperBase)]
    names = {family.name for metric in ours for family in metric.describe()}
    pages = "".join(page.read_text() for page in (ROOT / "docs").rglob("*.md"))
    told = set(re.findall(r"`(filrouge_[a-z_]+)`", pages))
    assert told and {name.removesuffix("_total") for name in told} <= names


def test_each_metric_in_the_rules_exists() -> None:
    ours = [m for m in vars(metrics).values() if isinstance(m, MetricWrapperBase)]
    names = {family.name for metric in ours for family in metric.describe()}
    used = set(re.findall(r"filrouge_\w+", (ROOT / "deploy/rules.yml").read_text()))
    assert {name.removesuffix("_total") for name in used} <= names


@pytest.mark.servers
def test_the_alerts_fire_when_they_should() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.fail("promtool is missing: run `make test`, which sees to it")
    rules = ROOT / "deploy/rules_test.yml"
    done = subprocess.run([promtool, "test", "rules", rules], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
