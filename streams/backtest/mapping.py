"""Rows of a log to canonical events, as a mapping's `[[event]]` tables say.

Everything is checked before the first row is read, and a mistake is one sentence.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from schemas.events import EventBase
from streams.backtest.clock import blank, log_reader, not_before
from streams.backtest.condition import Test, compile_condition
from streams.backtest.edges import Edges
from streams.backtest.errors import MappingError
from streams.backtest.fields import CONTROL, EVENT_TYPES, PERSONAL, check, explained
from streams.backtest.mapping_file import MappingFile
from streams.backtest.numbers import number
from streams.backtest.rows import NUMBER
from streams.backtest.template import Render, Row, compile_template
from streams.channels.ids import event_id

_SHORTHANDS = {"conversation", "actor", *PERSONAL}


class EventMapping:
    """Rows to events, compiled once for a log's columns."""

    def __init__(self, file: MappingFile, columns: frozenset[str]) -> None:
        self._file = file
        self._columns = columns
        self._read = log_reader(file.time)
        self._rollover = bool(file.time.get("rollover"))
        self.groups: dict[str, tuple[Render, Render]] = {}
        """Edge → the templates of its group and of the time by which its rows are ordered."""
        self._rules = [self._rule(file.common | spec, n) for n, spec in enumerate(file.event, 1)]
        self._made = [0] * len(self._rules)

    def _template(self, text: str) -> Render:
        return compile_template(text, self._columns, self._file.named)

    def time_of(self, text: str) -> int | None:
        """ms, or None for a text that is no time."""
        try:
            return self._read(text) if text.strip() else None
        except MappingError:
            return None

    def idle(self) -> list[str]:
        """A sentence for each `[[event]]` that no row has made."""
        return [
            f"{rule.where} ({rule.kind}) made no event: no row passes its `when`, or its time is "
            "empty."
            for rule, made in zip(self._rules, self._made, strict=True)
            if not made
        ]

    def _rule(self, spec: dict[str, Any], number: int) -> _Rule:
        where = f"[[event]] number {number}"
        for needed in ("type", "time"):
            if needed not in spec:
                near = difflib.get_close_matches(needed, set(spec) - set(self._file.common), 1)
                hint = f", not {near[0]!r}" if near else ""
                raise MappingError(f"{where} needs `type` and `time`{hint}.")
        try:
            time = self._template(str(spec["time"]))
            edges: list[tuple[str, str]] = []
            for control in ("first_of", "last_of"):
                if control in spec:
                    edge = f"{spec[control]} by {spec['time']}"
                    self.groups.setdefault(edge, (self._template(spec[control]), time))
                    edges.append((control, edge))
            fields = {name: value for name, value in spec.items() if name not in CONTROL}
            check(fields)
            return _Rule(
                where=where,
                kind=spec["type"],
                when=compile_condition(
                    spec.get("when", {}), self._columns, self._file.named, self._read
                ),
                time=time,
                after_s=[self._template(str(text)) for text in _listed(spec.get("after_s", []))],
                key=self._template(spec.get("key", f"{{#}}/{number}")),
                edges=edges,
                build=_builder(fields, self._template),
            )
        except MappingError as error:
            raise MappingError(f"{where}: {str(error).rstrip('.')}.") from error

    def events(
        self, row: Row, edges: Edges | None, refuse: Callable[[str], None]
    ) -> Iterator[EventBase]:
        """A row's events, in the order of the rules; `refuse` hears why one cannot be made."""
        previous_ms = 0
        for place, rule in enumerate(self._rules):
            try:
                if not rule.when(row) or not rule.applies_at(row, edges):
                    continue
                text = rule.time(row)
                if blank(text):
                    continue
                time_ms = self._read(text)
                if self._rollover:
                    time_ms = previous_ms = not_before(time_ms, previous_ms)
                for after_s in rule.after_s:
                    if later := after_s(row):
                        time_ms += round(number(later, "after_s") * 1_000)
                event = self._event(rule, row, time_ms)
            except MappingError as error:
                refuse(f"Row {row[NUMBER]}, {rule.where}: {str(error).rstrip('.')}.")
                continue
            except msgspec.ValidationError as error:
                refuse(f"Row {row[NUMBER]}, {rule.where}: {explained(error, rule.kind)}.")
                continue
            self._made[place] += 1
            yield event

    def _event(self, rule: _Rule, row: Row, time_ms: int) -> EventBase:
        values = rule.build(row)
        source = values.setdefault("source", self._file.source)
        values |= {
            "id": event_id(source, rule.key(row)),
            "domain": self._file.domain,
            "time_ms": time_ms,
            "recorded_ms": time_ms,
        }
        values.setdefault("actor", {"kind": "system"})
        if rule.kind == "conversation.updated" and "note" in values.get("personal", {}):
            values["note"] = True
        conversation = values.get("conversation")
        if isinstance(conversation, dict):
            conversation.setdefault("source", source)
        # By its own type: of the union msgspec would look at every type in every call.
        return msgspec.convert(values, EVENT_TYPES[rule.kind], strict=False)


class _Rule(msgspec.Struct, frozen=True):
    where: str
    kind: str
    when: Test
    time: Render
    after_s: list[Render]
    key: Render
    edges: list[tuple[str, str]]
    build: Callable[[Row], dict[str, Any]]

    def applies_at(self, row: Row, edges: Edges | None) -> bool:
        if edges is None:
            return True
        return all(
            edges.is_first(edge, row) if control == "first_of" else edges.is_last(edge, row)
            for control, edge in self.edges
        )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _builder(
    fields: Mapping[str, Any], template: Callable[[str], Render]
) -> Callable[[Row], dict[str, Any]]:
    """Compiles nested tables and lists; a field whose template comes out empty is left out."""
    plan = {name: _compile(value, template) for name, value in fields.items()}

    def build(row: Row) -> dict[str, Any]:
        values: dict[str, Any] = {}
        personal: dict[str, str] = {}
        for name, make in plan.items():
            value = make(row)
            if value in ("", None, []):
                continue
            if name in _SHORTHANDS and isinstance(value, str):
                _shorthand(name, value, values, personal)
            else:
                values[name] = value
        if "identifiers" in values:
            values["identifiers"] = [i for i in values["identifiers"] if i.get("value")]
        if personal:
            values["personal"] = {**values.get("personal", {}), **personal}
        return values

    return build


def _compile(value: Any, template: Callable[[str], Render]) -> Callable[[Row], Any]:
    if isinstance(value, str):
        return template(value)
    if isinstance(value, dict):
        parts = {name: _compile(part, template) for name, part in value.items()}
        return lambda row: {
            name: made for name, part in parts.items() if (made := part(row)) not in ("", None)
        }
    if isinstance(value, list):
        items = [_compile(item, template) for item in value]
        return lambda row: [made for item in items if (made := item(row)) not in ("", None, {})]
    return lambda _row: value


def _shorthand(name: str, text: str, values: dict[str, Any], personal: dict[str, str]) -> None:
    """`conversation = "C1"`, `actor = "agent:Ada"`, `text = "…"`."""
    if name == "conversation":
        values[name] = {"id": text}
    elif name == "actor":
        kind, _, ident = text.partition(":")
        values[name] = {"kind": kind, "id": ident or None}
    else:
        personal[name] = text
