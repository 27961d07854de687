"""Rolling windows out of panes: which ones to sum."""

from __future__ import annotations

WINDOWS: dict[str, int] = {
    "1m": 60_000,
    "5m": 300_000,
    "15m": 900_000,
    "1h": 3_600_000,
    "4h": 14_400_000,
    "24h": 86_400_000,
    "7d": 604_800_000,
    "30d": 2_592_000_000,
}
"""Name → length in ms."""

_WIDTHS = {"10s": 10_000, "5m": 300_000, "1h": 3_600_000}


def pane_size(window_ms: int) -> str:
    """The finest panes that are still kept for the window: its edge is exact to one of them."""
    if window_ms <= 2 * 3_600_000 - 10_000:
        return "10s"
    return "5m" if window_ms <= 3 * 86_400_000 - 300_000 else "1h"


def starts(window_ms: int, now_ms: int) -> tuple[str, range]:
    """Pane size and the starts of the panes that make up the window ending now."""
    size = pane_size(window_ms)
    width = _WIDTHS[size]
    last = now_ms - now_ms % width
    count = -(-window_ms // width)
    return size, range(last - (count - 1) * width, last + width, width)


def width_ms(size: str) -> int:
    return _WIDTHS[size]
