"""Finds the vendors: every module of this folder that defines an `Adapter`, and plug-ins.

A plug-in is an installed package with an entry point of group `filrouge.channels` that names its
`Adapter` class; one with a vendor's name takes that vendor's place.  One that cannot be loaded
harms nobody else: `failures` says why.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points

import streams.channels
from streams.channels.base import Adapter

GROUP = "filrouge.channels"


@cache
def adapters() -> Mapping[str, Adapter]:
    """Vendor name → its adapter, in the order of the names."""
    found = {adapter.vendor: adapter for adapter in _plugged()[0]}
    return dict(sorted((_own() | found).items()))


@cache
def failures() -> Mapping[str, str]:
    """Plug-in → why it could not be loaded, in a sentence."""
    return _plugged()[1]


def is_own(adapter: Adapter) -> bool:
    """Is it of this project, not of a plug-in?"""
    return type(adapter).__module__.startswith("streams.channels.")


def _own() -> dict[str, Adapter]:
    found: dict[str, Adapter] = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(streams.channels.__path__)):
        loaded = importlib.import_module(f"streams.channels.{module}")
        for _, kind in inspect.getmembers(loaded, inspect.isclass):
            if (
                issubclass(kind, Adapter)
                and not inspect.isabstract(kind)
                and kind.__module__ == loaded.__name__
            ):
                found[kind.vendor] = kind()
    return found


@cache
def _plugged() -> tuple[tuple[Adapter, ...], Mapping[str, str]]:
    loaded: list[Adapter] = []
    failed: dict[str, str] = {}
    for point in entry_points(group=GROUP):
        try:
            loaded.append(_load(point))
        except Exception as error:  # noqa: BLE001 whatever a stranger's module does at import
            failed[point.name] = f"The plug-in {point.name} cannot be loaded: {error!r}."
    return tuple(loaded), failed


def _load(point: EntryPoint) -> Adapter:
    kind = point.load()
    if not (inspect.isclass(kind) and issubclass(kind, Adapter)):
        raise TypeError(f"{point.value} is not an Adapter")
    if (
        inspect.isabstract(kind)
        or not getattr(kind, "vendor", "")
        or not getattr(kind, "title", "")
    ):
        raise TypeError(f"{point.value} lacks vendor, title, verify or read")
    if kind.vendor == "filrouge":
        raise TypeError("the name filrouge is taken")
    return kind()
