"""A server that behaves like Chatwoot's API: pages, newest activity first, a token, a rate limit.

Conversations and messages are written into it; each write gives the webhook that Chatwoot would
send, for the test to deliver or to lose.
"""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import web

from schemas.cloudevents import rfc3339

PAGE, MESSAGES = 25, 20
TOKEN = "token of an administrator"


class FakeChatwoot:
    """`await start()`, `await stop()`; `url`, `asked` (paths), `fail` (statuses for the next requests)."""

    def __init__(self) -> None:
        self.conversations: dict[int, dict[str, Any]] = {}
        self.messages: dict[int, list[dict[str, Any]]] = {}
        self.asked: list[str] = []
        self.fail: list[int | tuple[int, dict[str, str]]] = []
        self.url = ""
        self._last = 1_000
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        root = "/api/v1/accounts/7/conversations"
        app.router.add_get(root, self._list)
        app.router.add_get(root + "/{id}/messages", self._messages)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    # What people do; each returns the webhook's body ------------------------------------------

    def open(self, ident: int, at_ms: int) -> dict[str, Any]:
        self.conversations[ident] = {
            "id": ident, "account_id": 7, "inbox_id": 3, "status": "open", "labels": [], "priority": None,
            "created_at": at_ms // 1_000, "timestamp": at_ms // 1_000, "last_activity_at": at_ms // 1_000,
            "updated_at": at_ms / 1_000, "messages": [],
            "meta": {
                "sender": {"id": ident, "name": "Nadia", "email": f"n{ident}@example.com", "phone_number": None,
                           "identifier": None, "type": "contact"},
                "channel": "Channel::WebWidget", "hmac_verified": False,
            },
        }  # fmt: skip
        self.messages[ident] = []
        return {**self._hooked(ident), "event": "conversation_created"}

    def write(self, ident: int, at_ms: int, text: str, *, agent: int = 0) -> dict[str, Any]:
        self._last += 1
        sender = (
            {"id": agent, "name": "Ada", "type": "user"}
            if agent
            else {**self.conversations[ident]["meta"]["sender"], "type": "contact"}
        )
        message = {
            "id": self._last, "content": text, "inbox_id": 3, "conversation_id": ident,
            "message_type": 1 if agent else 0, "content_type": "text", "status": "sent", "content_attributes": {},
            "created_at": at_ms // 1_000, "private": False, "source_id": None, "sender": sender,
        }  # fmt: skip
        self.messages[ident].append(message)
        self._touched(ident, at_ms)
        return {
            **message,
            "event": "message_created",
            "message_type": "outgoing" if agent else "incoming",
            "created_at": rfc3339(at_ms),
            "conversation": self._hooked(ident),
        }

    def rate(self, ident: int, at_ms: int, stars: int) -> dict[str, Any]:
        message = self.write(ident, at_ms, "How was it?", agent=1)
        answer = {
            "submitted_values": {
                "csat_survey_response": {"rating": stars, "feedback_message": "Quick."}
            }
        }
        self.messages[ident][-1] |= {
            "content_type": "input_csat",
            "message_type": 3,
            "content_attributes": answer,
        }
        return {
            **message, "event": "message_updated", "content_type": "input_csat", "message_type": "template",
            "content_attributes": answer, "updated_at": rfc3339(at_ms + 500),
        }  # fmt: skip

    def resolve(self, ident: int, at_ms: int, agent: int = 1) -> dict[str, Any]:
        self.conversations[ident]["status"] = "resolved"
        self.conversations[ident]["meta"]["assignee"] = {"id": agent, "name": "Ada"}
        self._touched(ident, at_ms)
        changed = {"status": {"previous_value": "open", "current_value": "resolved"}}
        return {
            **self._hooked(ident),
            "event": "conversation_status_changed",
            "changed_attributes": [changed],
        }

    def _touched(self, ident: int, at_ms: int) -> None:
        self.conversations[ident] |= {
            "timestamp": at_ms // 1_000, "last_activity_at": at_ms // 1_000, "updated_at": at_ms / 1_000,
        }  # fmt: skip

    def _hooked(self, ident: int) -> dict[str, Any]:
        shown: dict[str, Any] = orjson.loads(orjson.dumps(self.conversations[ident]))
        shown["channel"] = shown["meta"]["channel"]
        shown["contact_inbox"] = {
            "contact_id": ident,
            "source_id": f"cookie-{ident}",
            "hmac_verified": False,
        }
        return shown

    # What the API answers ---------------------------------------------------------------------

    def _refused(self, request: web.Request) -> web.Response | None:
        self.asked.append(request.path_qs)
        if self.fail:
            found = self.fail.pop(0)
            status, headers = found if isinstance(found, tuple) else (found, {})
            return web.json_response(
                {"error": "Rate limit exceeded"}, status=status, headers=headers
            )
        if request.headers.get("api_access_token") != TOKEN:
            return web.json_response({"error": "Invalid Access Token"}, status=401)
        return None

    async def _list(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        status, page = request.query.get("status", "open"), int(request.query.get("page", "1"))
        found = [c for c in self.conversations.values() if status in {"all", c["status"]}]
        found.sort(key=lambda c: (-c["last_activity_at"], -c["id"]))
        shown = found[(page - 1) * PAGE : page * PAGE]
        return web.json_response({"data": {"meta": {"all_count": len(found)}, "payload": shown}})

    async def _messages(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        found = self.messages[int(request.match_info["id"])]
        if "before" in request.query:
            found = [m for m in found if m["id"] < int(request.query["before"])]
        return web.json_response({"meta": {}, "payload": found[-MESSAGES:]})
