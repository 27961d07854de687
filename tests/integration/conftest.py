"""What several files of these tests begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.backtesting import MAPPING


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    """Of a small log, in a file of its own."""
    (tmp_path / "map.toml").write_text(MAPPING)
    return tmp_path / "map.toml"
