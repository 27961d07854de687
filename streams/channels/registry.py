"""Finds the vendors: every module of this folder that defines an `Adapter`."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from functools import cache

import streams.channels
from streams.channels.base import Adapter


@cache
def adapters() -> Mapping[str, Adapter]:
    """Vendor name → its adapter, in the order of the names."""
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
    return dict(sorted(found.items()))
