"""Webhooks as vendors send and sign them, one file a vendor: for the demo and for load tests.

The bodies are written from the vendors' documentation; the people in them are invented.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from functools import cache

from streams.demo.traffic.generator import Generator


@cache
def generators() -> Mapping[str, type[Generator]]:
    """Vendor → its generator, in the order of the names."""
    found: dict[str, type[Generator]] = {}
    for module in pkgutil.iter_modules(__path__):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        for name, kind in inspect.getmembers(loaded, inspect.isclass):
            if name[0] == "_" or inspect.isabstract(kind):
                continue
            if issubclass(kind, Generator):
                found[kind.vendor] = kind
    return dict(sorted(found.items()))
