"""The product's own processes, started as an operator starts them: by the `filrouge` command."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from urllib.error import URLError
from urllib.request import urlopen


class StartError(Exception):
    """A process did not come up; the text says which and shows its last lines."""


class Processes:
    """Starts `filrouge ROLE` children on one settings file and ends them with the block."""

    def __init__(self, settings: Path, logs: Path) -> None:
        self._settings = settings
        self._logs = logs
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """`name` is the log's name; `arguments` what stands after `filrouge`."""
        command = [sys.executable, "-m", "streams.cli", *arguments]
        env = {**os.environ, "FILROUGE_SETTINGS": str(self._settings), **environment}
        with self.log(name).open("ab") as out:
            child = subprocess.Popen(  # noqa: S603 - ours
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env
            )
        self.children[name] = child
        return child

    def log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def wait_ready(self, name: str, url: str, seconds: float = 60) -> None:
        """Until `url` answers 200. Raises `StartError`."""
        deadline = time.monotonic() + seconds
        while True:
            if self.children[name].poll() is not None:
                raise StartError(self._complaint(name, "ended"))
            try:
                with urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
                    if answer.status == 200:
                        return
            except (URLError, OSError):
                pass
            if time.monotonic() > deadline:
                raise StartError(self._complaint(name, f"was not ready within {seconds:.0f} s"))
            time.sleep(0.1)

    def _complaint(self, name: str, what: str) -> str:
        lines = self.log(name).read_text(errors="replace").splitlines()[-15:]
        return "\n".join([f"The {name} {what}. Its last lines ({self.log(name)}):", *lines])

    def fallen(self) -> str:
        """Empty while all children run, else a sentence."""
        for name, child in self.children.items():
            if child.poll() is not None:
                return self._complaint(name, f"ended with code {child.returncode}")
        return ""

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for child in self.children.values():
            if child.poll() is None:
                child.terminate()
        for child in self.children.values():
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
