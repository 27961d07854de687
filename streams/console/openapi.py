"""The API's description (OpenAPI 3.1), for people who generate clients."""

from __future__ import annotations

from typing import Any

from streams.console.opened import LISTED
from streams.console.people import KINDS
from streams.engine.redis_store import RECENT_KEPT
from streams.kpis.panes import WINDOWS


def _operation(summary: str, *parameters: dict[str, Any], missing: bool = False) -> dict[str, Any]:
    responses: dict[str, Any] = {
        "200": {"description": "The answer.", "content": {"application/json": {"schema": {}}}},
        "401": {"description": "No token, or a wrong one."},
        "403": {"description": "A token that may not ask for this."},
        "503": {"description": "Redis does not answer."},
    }
    if missing:
        responses["404"] = {"description": "Unknown."}
    if any(one["name"] in KINDS for one in parameters):
        responses["409"] = {"description": "Several customers have the identifier."}
    return {"get": {"summary": summary, "parameters": list(parameters), "responses": responses}}


def _command() -> dict[str, Any]:
    texts = ("winner", "loser", "join", "source", "conversation", "customer", "agent", "domain")
    body = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: {"type": "string"} for name in texts},
    }
    return {
        "post": {
            "summary": "Says who is who: join (winner, loser), split (join), attach (source, "
            "conversation, and customer if it is somebody else's). It travels through the log.",
            "parameters": [
                {**_path("command"), "schema": {"enum": ["join", "split", "attach"]}},
            ],
            "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
            "responses": {
                "202": {"description": "It is in the log; a dead letter says if it is refused."},
                "400": {"description": "Something is missing."},
                "401": {"description": "No token, or a wrong one."},
                "403": {"description": "A token that may not ask for this."},
                "503": {"description": "Kafka does not answer."},
            },
        }
    }


def _query(name: str, about: str, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "description": about,
        "schema": {"type": "string", **schema},
    }


def _path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


_DOMAIN = _query("domain", "The identity domain; may be left out when there is one only.")
_SCOPE = _query("domain", "The identity domain; left out, all are summed.")
_WINDOW = _query("window", "The rolling window.", enum=list(WINDOWS), default="1h")


def document() -> dict[str, Any]:
    """The whole description."""
    identifiers = [_query(kind, f"The customer's {kind}.") for kind in ("customer", *KINDS)]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Filrouge console", "version": "1"},
        "security": [{"token": []}],
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "paths": {
            "/v1/context": _operation(
                "What an agent should see of a customer; the look-up is logged.",
                *identifiers,
                _DOMAIN,
                _query("agent", "Who looks."),
                _query("purpose", "What for (default service); the policy hides parts from some."),
                missing=True,
            ),
            "/v1/identity": _operation(
                "What holds a customer together: identifiers, joins that can be undone.",
                *identifiers,
                _DOMAIN,
                missing=True,
            ),
            "/v1/identity/shared": _operation(
                "Identifiers that two people have, and mailboxes of teams.", _DOMAIN
            ),
            "/v1/identity/{command}": _command(),
            "/v1/journeys/{id}": _operation("One journey.", _path("id"), missing=True),
            "/v1/kpis": _operation(
                "The scorecard.", _WINDOW, _SCOPE, _query("by", "Dimensions, comma separated.")
            ),
            "/v1/kpis/{kpi}/cycles": _operation(
                "The entries that made a figure, their sum, and of when they are (from_ms, and "
                "to_ms, which is not counted any more). Name a window to get what the scorecard "
                "sums: it goes from the begin of its first pane to the end of its last.",
                _path("kpi"),
                _query("window", "A rolling window that ends at `to`.", enum=list(WINDOWS)),
                _query("from", "Instead of a window: milliseconds since the epoch."),
                _query("to", "Milliseconds since the epoch (default now)."),
                _SCOPE,
                missing=True,
            ),
            "/v1/live": _operation(
                "Who waits, what is open. `open` by channel is what was opened there less what was "
                "resolved there, so it is the sum that counts: a journey moves between channels.",
                _SCOPE,
            ),
            "/v1/open": _operation(
                f"The open journeys, the {LISTED} since longest, of `count`. `unlisted` of them "
                "were opened before this list was kept; each comes in with its next event.",
                _query("only", "Only those whose customer waits.", enum=["waiting"]),
                _SCOPE,
            ),
            "/v1/recent": _operation(
                "The latest switches and transfers. A partition keeps "
                f"{RECENT_KEPT} of each over all its domains: of a quiet domain beside a busy one "
                "there may be fewer than happened.",
                _SCOPE,
            ),
            "/v1/board": _operation("Everything that the page shows.", _WINDOW, _SCOPE),
        },
    }
