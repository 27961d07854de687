"""A polite client of a vendor's HTTP API: so many requests a second, patient when told to wait."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import orjson

TRIES = 7
"""About two minutes of patience; then the pass ends and the next one begins where it stood."""

_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 60.0
_TIMEOUT = aiohttp.ClientTimeout(total=30)


class ApiError(Exception):
    """The API cannot be asked now; the text is a sentence."""


class Api:
    """`await api.get(path, **params)` gives JSON."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        headers: Mapping[str, str],
        requests_per_s: float,
        first_wait_s: float = _FIRST_WAIT_S,
    ) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._headers = headers
        self._pause_s = 1 / requests_per_s
        self._first_wait_s = first_wait_s
        self._next_s = 0.0

    async def get(self, path: str, **params: str) -> Any:
        """Raises `ApiError`."""
        said = ""
        for number in range(TRIES):
            await self._turn()
            try:
                async with self._session.get(
                    self._url + path, params=params, headers=self._headers, timeout=_TIMEOUT
                ) as answer:
                    body = await answer.read()
                    status, after = answer.status, answer.headers.get("Retry-After")
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                said, after = f"it cannot be reached ({type(error).__name__})", None
            else:
                if status == 200:
                    return _json(body, self._url)
                if status in {401, 403}:
                    raise ApiError(f"{self._url} refuses the token ({status}).")
                if status < 500 and status != 429:
                    raise ApiError(f"{self._url}{path} answers {status}: is the account right?")
                said = f"it answers {status}"
            if number + 1 < TRIES:
                await asyncio.sleep(self._patience_s(number, after))
        raise ApiError(f"{self._url} was asked {TRIES} times: {said}.")

    async def _turn(self) -> None:
        loop = asyncio.get_running_loop()
        wait_s = self._next_s - loop.time()
        self._next_s = max(loop.time(), self._next_s) + self._pause_s
        if wait_s > 0:
            await asyncio.sleep(wait_s)

    def _patience_s(self, number: int, retry_after: str | None) -> float:
        asked = _seconds(retry_after)
        if asked is not None:
            return min(asked, _LONGEST_WAIT_S)
        wait_s: float = min(self._first_wait_s * 2**number, _LONGEST_WAIT_S)
        return wait_s * random.uniform(0.8, 1.2)  # noqa: S311 spread, no secret


def _json(body: bytes, url: str) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ApiError(f"{url} answers something that is no JSON.") from error


def _seconds(retry_after: str | None) -> float | None:
    """Seconds, or a date (RFC 9110)."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        until = parsedate_to_datetime(retry_after) - datetime.now(UTC)
    except (ValueError, TypeError):
        return None
    return float(max(0.0, until.total_seconds()))
