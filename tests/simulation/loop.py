"""Time and processes of a simulation: an event loop whose clock jumps to the next thing due.

Each worker is a `Node`.  What a node's coroutines wait for runs only while the node does, so a
node can be killed or stopped at any await: a killed one is never stepped again, a stopped one
(SIGSTOP) goes on exactly where it was.  What runs outside of any node is the world: brokers,
stores, the network, the nemesis.
"""

from __future__ import annotations

import asyncio
import contextvars
import heapq
from collections.abc import Coroutine
from typing import Any

NODE: contextvars.ContextVar[Node | None] = contextvars.ContextVar("node", default=None)


class Node:
    """A simulated process."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self.stopped = False
        self._parked: list[Any] = []
        self._tasks: list[asyncio.Task[Any]] = []

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Runs a coroutine, and all that it starts, as a part of this process."""
        context = contextvars.copy_context()
        context.run(NODE.set, self)
        loop = asyncio.get_event_loop()
        task = loop.create_task(coroutine, context=context)
        self._tasks.append(task)
        return task

    def adopt(self, task: asyncio.Task[Any]) -> None:
        self._tasks.append(task)

    def kill(self) -> None:
        """kill -9: nothing of it runs any more, not even a `finally`."""
        self.alive = False
        for task in self._tasks:
            task._log_destroy_pending = False  # type: ignore[attr-defined]

    def stop(self) -> None:
        self.stopped = True

    def go_on(self, loop: VirtualLoop) -> None:
        self.stopped = False
        parked, self._parked = self._parked, []
        loop._ready.extend(parked)  # type: ignore[attr-defined]

    def park(self, handle: Any) -> None:
        self._parked.append(handle)


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs in no time: when nothing is ready, the clock moves to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.steps = 0
        self.errors: list[str] = []
        """What went wrong in the world itself: a bug of the simulation."""
        self.set_task_factory(_make_task)

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        ready, scheduled = self._ready, self._scheduled  # type: ignore[attr-defined]
        if not ready:
            if not scheduled:
                raise RuntimeError("the simulation waits for something that can never happen")
            self.now = max(self.now, scheduled[0]._when)
        while scheduled and scheduled[0]._when <= self.now:
            handle = heapq.heappop(scheduled)
            handle._scheduled = False
            ready.append(handle)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if handle._cancelled:
                continue
            node = handle._context.get(NODE)
            if node is None or (node.alive and not node.stopped):
                self.steps += 1
                handle._run()
            elif node.alive:
                node.park(handle)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """A dead node's tasks and futures are left as they are."""
        if "handle" in context:
            self.errors.append(f"{context['message']}: {context.get('exception')!r}")

    def _check_closed(self) -> None:
        """What is left of a killed node may still be collected after the end."""

    def _process_events(self, event_list: Any) -> None:
        """There are no files to watch."""

    def _write_to_self(self) -> None:
        """There are no other threads."""


def _make_task(
    loop: asyncio.AbstractEventLoop,
    coroutine: Any,
    context: contextvars.Context | None = None,
) -> asyncio.Task[Any]:
    task: asyncio.Task[Any] = asyncio.Task(coroutine, loop=loop, context=context)
    node = (context or contextvars.copy_context()).get(NODE)
    if node is not None:
        node.adopt(task)
    return task


def world() -> contextvars.Context:
    """For what goes on although the node that began it is killed: servers and the wire."""
    context = contextvars.copy_context()
    context.run(NODE.set, None)
    return context


def run(main: Coroutine[Any, Any, Any]) -> Any:
    """`main` to its end, on a clock of its own that starts at 0."""
    loop = VirtualLoop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(main)
    finally:
        for task in asyncio.all_tasks(loop):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
        asyncio.set_event_loop(None)
        loop.close()
