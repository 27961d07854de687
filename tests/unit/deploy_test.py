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
from streams.settings_environment import variables
from streams.settings_file import load

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OURS = {
    name: service
    for name, service in COMPOSE["services"].items()
    if service["image"].startswith("filrouge")
}

TESTED_COMMANDS = {
    ("topics", "create"),
    ("gateway",),
    ("worker",),
    ("reconcile",),
    ("console",),
}
"""The start commands that tests/integration/read_only_test.py runs as processes."""


def test_every_start_command_is_one_that_the_tests_run() -> None:
    assert {tuple(service["command"]) for service in OURS.values()} == TESTED_COMMANDS
    text = (ROOT / "tests/integration/read_only_test.py").read_text()
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


def test_nothing_of_ours_writes_to_its_disk() -> None:
    for name, service in OURS.items():
        assert service["read_only"] is True, name
        assert all(volume.endswith(":ro") for volume in service["volumes"]), name
        assert "tmpfs" not in service, name


def test_the_settings_stand_where_the_services_look_with_the_files_that_they_name() -> None:
    for service in OURS.values():
        [(outside, inside, _)] = [volume.split(":") for volume in service["volumes"]]
        file = Path(service["environment"]["FILROUGE_SETTINGS"])
        assert str(file.parent) == inside
        assert (ROOT / outside / file.name).is_file()


def test_what_is_started_only_when_it_has_something_to_ask_is_scraped_only_then() -> None:
    """`filrouge reconcile` ends at once where no [[reconcile]] stands, as in the example."""
    by_profile = {name for name, service in COMPOSE["services"].items() if "profiles" in service}
    assert by_profile == {"reconcile"}
    assert not load(str(ROOT / "deploy/filrouge.example.toml"), {}).reconcile
    scraped = yaml.safe_load((ROOT / "deploy/prometheus.yml").read_text())["scrape_configs"]
    asked = {
        (name, one["port"])
        for job in scraped
        for one in job.get("dns_sd_configs", [])
        for name in one["names"]
    }
    assert asked == {(name, Settings().worker.metrics_port) for name in by_profile}


def test_a_worker_may_end_before_it_is_killed() -> None:
    workers = [s for s in COMPOSE["services"].values() if s.get("command") == ["worker"]]
    assert workers
    for service in workers:
        assert float(service["stop_grace_period"].removesuffix("s")) > STOP_S


def test_each_role_that_is_scraped_is_a_service_with_that_port() -> None:
    scraped = yaml.safe_load((ROOT / "deploy/prometheus.yml").read_text())["scrape_configs"]
    places = {
        target
        for job in scraped
        for one in job.get("static_configs", [])
        for target in one["targets"]
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


def test_each_variable_that_the_pages_and_compose_name_is_a_setting() -> None:
    places = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").iterdir()]
    places += [ROOT / "README.md", ROOT / "docker-compose.yml"]
    told = set(re.findall(r"FILROUGE(?:_[A-Z]+)+\b", "".join(p.read_text() for p in places)))
    assert told and told <= {*variables(), "FILROUGE_SETTINGS"}


def test_each_metric_in_the_rules_exists() -> None:
    ours = [m for m in vars(metrics).values() if isinstance(m, MetricWrapperBase)]
    names = {family.name for metric in ours for family in metric.describe()}
    used = set(re.findall(r"filrouge_\w+", (ROOT / "deploy/rules.yml").read_text()))
    assert {name.removesuffix("_total") for name in used} <= names


def test_each_alert_has_a_case_in_which_it_fires_and_a_line_that_says_what_to_do() -> None:
    groups = yaml.safe_load((ROOT / "deploy/rules.yml").read_text())["groups"]
    alerts = {rule["alert"] for group in groups for rule in group["rules"]}
    tests = yaml.safe_load((ROOT / "deploy/rules_test.yml").read_text())["tests"]
    cases = [case for test in tests for case in test["alert_rule_test"]]
    assert {case["alertname"] for case in cases if case["exp_alerts"]} == alerts
    page = (ROOT / "docs/operations.md").read_text()
    assert set(re.findall(r"^\| `(Filrouge\w+)` \|", page, re.MULTILINE)) == alerts


@pytest.mark.servers
def test_the_alerts_fire_when_they_should() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.fail("promtool is missing: run `make test`, which sees to it")
    rules = ROOT / "deploy/rules_test.yml"
    done = subprocess.run([promtool, "test", "rules", rules], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
