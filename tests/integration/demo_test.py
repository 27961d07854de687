"""The demo judges itself: everything that happened was found, and nothing invented."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from streams.demo.traffic import generators

pytestmark = pytest.mark.servers


def test_the_demo_finds_everything_that_happened(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "streams.cli", "demo", "--seconds", "60"],
        capture_output=True, text=True, timeout=180, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-2_000:]
    assert "Everything was found." in done.stdout
    assert f"{len(generators())} vendors" in done.stdout, "not every vendor had its customers"
    assert done.stdout.startswith("The live page: http://127.0.0.1:")
