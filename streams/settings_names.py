"""Names, secrets and receivers of the settings: a sentence for what cannot work or is not safe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec

from streams.settings import Settings

_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")
"""What Kafka takes."""

_AUDIENCES = ("customer", "agent", "supervisor", "system")


def names(settings: Settings) -> Iterator[str]:
    """Names that cannot be what they are needed for."""
    if not settings.keyspace or re.search(r"[{}\s]", settings.keyspace):
        # Braces would say which slot of a Redis cluster a key lies in.
        yield f"keyspace must be a name without spaces and braces, not {settings.keyspace!r}."
    for kind in ("domain", "source", "subscriber", "token"):
        if any(not row.name.strip() for row in getattr(settings, kind)):
            yield f"A [[{kind}]] has no name."
    roles: dict[str, str] = {}
    for role, topic in msgspec.structs.asdict(settings.topics).items():
        if not _TOPIC.fullmatch(topic) or topic in {".", ".."}:
            yield f"topics.{role} must be letters, digits and . _ - (249 at most), not {topic!r}."
        elif (other := roles.setdefault(topic, role)) != role:
            yield f"topics.{role} and topics.{other} are both {topic!r}; each needs its own."
    stages = settings.worker.stages
    if not stages or len(set(stages)) < len(stages):
        yield "worker.stages must name at least one stage, and each once."


def secrets(settings: Settings) -> Iterator[str]:
    """An empty secret is one that everybody knows."""
    for source in settings.source:
        if not all(secret.strip() for secret in source.secrets):
            yield f"Source {source.name!r} has an empty secret: anybody could sign with it."
    if not all(token.strip() for token in settings.console.tokens):
        yield "console.tokens holds an empty token: anybody could come in with it."
    known = dict.fromkeys(settings.console.tokens, "console.tokens")
    for token in settings.token:
        if not token.secret.strip():
            yield f"Token {token.name!r} has an empty secret: anybody could come in with it."
        elif (other := known.setdefault(token.secret, token.name)) != token.name:
            yield f"Tokens {other!r} and {token.name!r} have one secret: who comes in with it?"
        if not token.may:
            yield f"Token {token.name!r} may do nothing: name at least one in `may`."


def receivers(settings: Settings) -> Iterator[str]:
    """Subscribers that could never hear anything."""
    for one in settings.subscriber:
        if not _is_http(one.url):
            yield f"Subscriber {one.name!r}: url must be such as https://crm.example.com/hook."
        wrong = [audience for audience in one.audiences if audience not in _AUDIENCES]
        if wrong or not one.audiences:
            yield (
                f"Subscriber {one.name!r}: audiences are some of {', '.join(_AUDIENCES)}, not "
                f"{wrong[0] if wrong else 'none'!r}."
            )


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
