"""The URL that the vendor called, when proxies stand between: Twilio signs it.

`gateway.public_url` says it outright.  Else what a proxy tells counts, but only from an address
in `gateway.trusted_proxies`, and only in the header that `gateway.proxy_headers` names: a proxy
that writes one of them passes the other on as the client wrote it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from streams.gateway.http import Incoming
from streams.settings import Gateway

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_PAIR = re.compile(r'([a-zA-Z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;,"\s]*))')


class PublicUrl:
    """`of(request)` is the whole URL as the vendor called it."""

    def __init__(self, settings: Gateway) -> None:
        self._base = settings.public_url.rstrip("/")
        self._trusted: list[Network] = [
            ipaddress.ip_network(text, strict=False) for text in settings.trusted_proxies
        ]
        self._read = _forwarded if settings.proxy_headers == "forwarded" else _x_forwarded
        self._is_trusted = lru_cache(maxsize=4_096)(self._in_networks)

    def of(self, request: Incoming) -> str:
        if self._base:
            return self._base + request.target
        scheme = "https" if request.secure else "http"
        host = request.headers.get("host", "")
        if self._trusted and self._is_trusted(request.peer):
            hop = self._nearest(self._read(request.headers))
            scheme = hop.get("proto") or scheme
            host = hop.get("host") or host
        return f"{scheme}://{host}{request.target}"

    def _nearest(self, hops: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
        """From the right, which our own proxy wrote, on through further proxies of ours."""
        hop: Mapping[str, str] = {}
        for hop in reversed(hops):
            if not self._is_trusted(_address(hop.get("for", ""))):
                break
        return hop

    def _in_networks(self, text: str) -> bool:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None) or address
        return any(mapped in network for network in self._trusted)


def _x_forwarded(headers: Mapping[str, str]) -> list[Mapping[str, str]]:
    """`X-Forwarded-For`, `-Proto`, `-Host`, `-Port`: lists side by side, or one value for all."""
    lists = {
        name: [part.strip() for part in headers.get(f"x-forwarded-{name}", "").split(",")]
        for name in ("for", "proto", "host", "port")
    }
    longest = max(map(len, lists.values()))
    hops: list[Mapping[str, str]] = []
    for number in range(-longest, 0):
        hop = {
            name: values[number] if number >= -len(values) else values[0]
            for name, values in lists.items()
        }
        hops.append({**hop, "host": _with_port(hop["host"], hop["port"], hop["proto"])})
    return hops


def _with_port(host: str, port: str, scheme: str) -> str:
    """`X-Forwarded-Port` counts where the host names none and it is not the scheme's own."""
    bare = host and not re.search(r":\d+$", host)
    if bare and port.isdecimal() and port != {"https": "443", "http": "80"}.get(scheme):
        return f"{host}:{port}"
    return host


def _forwarded(headers: Mapping[str, str]) -> list[Mapping[str, str]]:
    """RFC 7239: `for=192.0.2.43;proto=https;host=example.com, for=…`."""
    hops: list[Mapping[str, str]] = []
    for element in _split(headers.get("forwarded", "")):
        pairs = {
            name.lower(): re.sub(r"\\(.)", r"\1", quoted) or plain
            for name, quoted, plain in _PAIR.findall(element)
        }
        hops.append(pairs)
    return hops


def _split(text: str) -> list[str]:
    """At commas outside of quotes."""
    return re.findall(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+', text)


def _address(node: str) -> str:
    """The address of `192.0.2.1:8080`, `[2001:db8::1]:80`, `2001:db8::1`."""
    if node.startswith("["):
        return node[1:].partition("]")[0]
    return node.partition(":")[0] if node.count(":") == 1 else node
