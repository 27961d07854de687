"""Defence against server-side request forgery: which addresses a notice may be sent to."""

from __future__ import annotations

import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver


class ForbiddenAddressError(OSError):
    """The subscriber's name leads to an address that is not public."""


class PublicResolver(AbstractResolver):
    """Resolves names and refuses those that lead to private, loopback or link-local addresses.

    The check is on the address that the connection is then made to, so a name that changes its
    address between check and connection gains nothing.
    """

    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        for result in found:
            require_public(str(result["host"]))
        return found

    async def close(self) -> None:
        await self._resolver.close()


def require_public(address: str) -> None:
    """Raises `ForbiddenAddressError` unless `address` (IP text) is a public one."""
    if not ipaddress.ip_address(address).is_global:
        raise ForbiddenAddressError(
            f"{address} is not a public address; the subscriber's allow_private permits it"
        )


def is_literal(host: str) -> bool:
    """Is `host` an IP address? Those never pass through a resolver."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
