"""Each of the thirty cases has its story."""

from __future__ import annotations

import re
from pathlib import Path


def test_all_thirty_cases_are_told() -> None:
    stories = "".join(p.read_text("utf-8") for p in Path(__file__).parent.glob("*_test.py"))
    told = {int(number) for number in re.findall(r"def test_case_(\d\d)_", stories)}
    assert told == set(range(1, 31))
