"""A TCP proxy on loopback that can be cut or frozen: the network between two processes."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from tests.servers.kafka import free_port


class Proxies:
    """All proxies of a run, in a thread of their own: what the test does never slows them down."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.open = asyncio.Event()
        self.open.set()
        self.refusing = False
        self._streams: set[asyncio.StreamWriter] = set()
        self._servers: list[asyncio.Server] = []

    def __enter__(self) -> Proxies:
        self._thread.start()
        return self

    def to(self, target: Callable[[], int], port: int = 0) -> int:
        """Listens for connections to the port that `target()` names when one comes."""
        port = port or free_port()
        self._call(self._listen(port, target))
        return port

    def cut(self) -> None:
        """Every connection breaks and new ones are closed at once."""

        async def act() -> None:
            self.refusing = True
            for stream in list(self._streams):
                stream.transport.abort()

        self._call(act())

    def freeze(self) -> None:
        """Nothing goes through, nothing breaks: what is sent waits."""

        async def act() -> None:
            self.open.clear()

        self._call(act())

    def heal(self) -> None:
        async def act() -> None:
            self.refusing = False
            self.open.set()

        self._call(act())

    def _call(self, work: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self, port: int, target: Callable[[], int]) -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if self.refusing:
                writer.transport.abort()
                return
            try:
                to = await asyncio.to_thread(target)
                up_reader, up_writer = await asyncio.open_connection("127.0.0.1", to)
            except (OSError, StopIteration, RuntimeError):
                writer.transport.abort()
                return
            self._streams |= {writer, up_writer}
            await asyncio.gather(self._pump(reader, up_writer), self._pump(up_reader, writer))
            self._streams -= {writer, up_writer}

        self._servers.append(await asyncio.start_server(serve, "127.0.0.1", port))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                await self.open.wait()
                writer.write(data)
                await writer.drain()
        writer.close()

    def __exit__(self, *_: object) -> None:
        async def end() -> None:
            for server in self._servers:
                server.close()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self._call(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
