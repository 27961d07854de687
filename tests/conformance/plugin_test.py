"""A vendor that is not ours: found by its entry point, held to the same contract."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OLARK = ROOT / "examples" / "olark"
HUBSPOT = ROOT / "examples" / "hubspot"


def installed(folder: Path, project: Path, **points: str) -> dict[str, str]:
    """An environment in which the project looks installed, as its pyproject says (or `points`)."""
    said = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    groups = {group: dict(names) for group, names in said["entry-points"].items()}
    if points:
        groups = {"filrouge.channels": points}
    info = folder / "plugin-1.0.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {said['name']}\nVersion: 1.0.0\n")
    lines = []
    for group, names in groups.items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in names.items())]
    (info / "entry_points.txt").write_text("\n".join(lines))
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), str(project), str(ROOT)])}


def run(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.long
@pytest.mark.parametrize("example", [OLARK, HUBSPOT], ids=lambda folder: folder.name)
def test_the_example_passes_the_whole_suite(tmp_path: Path, example: Path) -> None:
    env = installed(tmp_path, example)
    names = ["channels_test.py", "about_test.py", "tampering_test.py", "left_out_test.py"]
    suite = [f"tests/conformance/{name}" for name in names]
    done = run(env, "pytest", "-q", "-k", example.name, *suite)
    assert done.returncode == 0, done.stdout[-3_000:]
    passed = int(re.findall(r"(\d+) passed", done.stdout)[0])
    assert passed > 50, "the suite did not run over the plug-in"


def test_the_command_line_knows_it(tmp_path: Path) -> None:
    env = installed(tmp_path, OLARK)
    assert "Olark" in run(env, "streams.cli", "vendors", "olark").stdout
    body = tmp_path / "transcript.txt"
    body.write_text(
        "data=%7B%22kind%22%3A%22Conversation%22%2C%22id%22%3A%22C%22%2C%22items%22%3A%5B%7B%22kind%22%3A"
        "%22OfflineMessage%22%2C%22timestamp%22%3A%221790000000.5%22%2C%22body%22%3A%22Hi%22%7D%5D%7D"
    )
    said = run(env, "streams.cli", "explain", "--vendor", "olark", str(body))
    assert "message.posted  2026-09-21T14:13:20.500Z" in said.stdout, said.stderr
    assert run(env, "streams.channels.page", "--check").returncode == 0, (
        "our own page is without it"
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("no_such_module:Olark", "No module named"),
        pytest.param("filrouge_olark:_at_ms", "is not an Adapter", marks=pytest.mark.long),
        pytest.param("streams.channels.base:Adapter", "lacks vendor", marks=pytest.mark.long),
    ],
)
def test_one_that_cannot_be_loaded_is_said_and_harms_nobody(
    tmp_path: Path, value: str, said: str
) -> None:
    env = installed(tmp_path, OLARK, olark=value)
    listed = run(env, "streams.cli", "vendors")
    assert listed.returncode == 0 and "Chatwoot" in listed.stdout
    assert "The plug-in olark cannot be loaded" in listed.stderr and said in listed.stderr
    explained = run(env, "streams.cli", "explain", "--vendor", "olark", str(OLARK / "README.md"))
    assert (
        explained.returncode == 2
        and said in explained.stderr
        and "Traceback" not in explained.stderr
    )


@pytest.mark.shared
def test_real_transcripts_give_their_events(tmp_path: Path, shared: Path) -> None:
    files = sorted((shared / "payloads" / "olark").iterdir())
    done = run(
        installed(tmp_path, OLARK), "streams.cli", "explain", "--vendor", "olark", *map(str, files)
    )
    assert done.returncode == 0 and "no event" not in done.stdout
    assert done.stdout.count("message.posted") == 5 and done.stdout.count("feedback.received") == 2
