"""Settings as they are written: TOML and the environment into `Settings`.

Read from a TOML file (`--settings FILE`, or `FILROUGE_SETTINGS`, or `filrouge.toml` in the
current folder) and then from the environment (`settings_environment`).
Sources, domains, subscribers and mail domains are lists and stand in the file; a secret may name a
file instead (`secret_files`, `key_file`).  `load` reports every mistake at once, a sentence each.
"""

from __future__ import annotations

import difflib
import os
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec

from streams.settings import (
    Domain,
    Email,
    Named,
    Reconcile,
    Section,
    Settings,
    SettingsError,
    Source,
    Subscriber,
    Token,
)
from streams.settings_check import contradictions
from streams.settings_environment import overridden

_LISTS: dict[str, type[Section]] = {
    "domain": Domain,
    "source": Source,
    "reconcile": Reconcile,
    "subscriber": Subscriber,
    "email": Email,
    "agent": Named,
    "team": Named,
    "queue": Named,
    "token": Token,
}


def load(path: str | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. Raises `SettingsError` with every mistake found."""
    env = os.environ if environ is None else environ
    file = (
        path
        or env.get("FILROUGE_SETTINGS")
        or ("filrouge.toml" if Path("filrouge.toml").is_file() else "")
    )
    raw: dict[str, Any] = {}
    if file:
        try:
            raw = tomllib.loads(Path(file).read_text(encoding="utf-8"))
        except OSError as error:
            raise SettingsError(
                [f"The settings file {file} cannot be read: {error.strerror}."]
            ) from error
        except UnicodeDecodeError as error:
            raise SettingsError([f"The settings file {file} is no text in UTF-8."]) from error
        except tomllib.TOMLDecodeError as error:
            raise SettingsError([f"The settings file {file} is not TOML: {error}."]) from error
    mistakes: list[str] = []
    given = overridden(raw, env, mistakes)
    return _build(given, Path(file).parent if file else Path(), mistakes)


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Section)


def _build(raw: dict[str, Any], folder: Path, mistakes: list[str]) -> Settings:
    values: dict[str, Any] = {}
    hints = typing.get_type_hints(Settings)
    _unknown(raw, hints, "at the top of the settings", mistakes)
    for name, kind in hints.items():
        if name not in raw:
            continue
        value = raw[name]
        if name in _LISTS:
            rows = value if isinstance(value, list) else [value]
            built = [
                _section(_LISTS[name], row, f"[[{name}]] number {number}", mistakes)
                for number, row in enumerate(rows, 1)
            ]
            values[name] = tuple(item for item in built if item is not None)
        elif _is_section(kind):
            if (section := _section(kind, value, f"[{name}]", mistakes)) is not None:
                values[name] = section
        else:
            values[name] = _field(kind, value, name, "at the top", mistakes)
    if mistakes:
        raise SettingsError(mistakes)
    settings = _with_secrets(Settings(**values), folder, mistakes)
    if not mistakes:  # what could not be read has no contradictions yet
        mistakes += contradictions(settings)
    if mistakes:
        raise SettingsError(mistakes)
    return settings


def _unknown(
    raw: Mapping[str, Any], hints: Mapping[str, Any], where: str, mistakes: list[str]
) -> None:
    for key in raw:
        if key not in hints:
            near = difflib.get_close_matches(key, hints, 1)
            hint = (
                f"; did you mean {near[0]!r}?"
                if near
                else f"; it knows {', '.join(sorted(hints))}."
            )
            mistakes.append(f"There is no setting {key!r} {where}{hint}")


def _section(kind: type[Section], raw: Any, where: str, mistakes: list[str]) -> Any:
    if not isinstance(raw, dict):
        mistakes.append(f"{where} must be a table of settings, not {raw!r}.")
        return None
    hints = typing.get_type_hints(kind)
    before = len(mistakes)
    _unknown(raw, hints, f"in {where}", mistakes)
    values = {
        key: _field(hints[key], value, key, f"in {where}", mistakes)
        for key, value in raw.items()
        if key in hints
    }
    for field in msgspec.structs.fields(kind):
        if field.required and field.name not in values:
            mistakes.append(f"{where} needs {field.name!r}.")
    return kind(**values) if len(mistakes) == before else None


def _field(hint: Any, value: Any, name: str, where: str, mistakes: list[str]) -> Any:
    try:
        return msgspec.convert(value, hint, strict=not isinstance(value, str))
    except msgspec.ValidationError:
        mistakes.append(f"{name!r} {where} must be {_wanted(hint)}, not {value!r}.")
        return None


def _wanted(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(map(str, get_args(hint)))
    if get_origin(hint) is tuple:
        return "a list, each " + _wanted(get_args(hint)[0])
    if get_origin(hint) in (dict, types.GenericAlias):
        return "a table of texts"
    return {int: "a whole number", str: "a text", bool: "true or false"}.get(hint, str(hint))


def _read_secret(file: str, folder: Path, what: str, mistakes: list[str]) -> str:
    try:
        return (folder / file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        mistakes.append(f"The secret file {file} of {what} cannot be read: {_why(error)}.")
        return ""


def _why(error: OSError | UnicodeDecodeError) -> str:
    return str(error.strerror) if isinstance(error, OSError) else "it is no text in UTF-8"


def _with_secrets(settings: Settings, folder: Path, mistakes: list[str]) -> Settings:
    replace = msgspec.structs.replace
    domains = tuple(
        replace(d, key=_read_secret(d.key_file, folder, f"domain {d.name}", mistakes))
        if d.key_file
        else d
        for d in settings.domain
    )
    sources = tuple(
        replace(
            s,
            secrets=s.secrets
            + tuple(_read_secret(f, folder, f"source {s.name}", mistakes) for f in s.secret_files),
        )
        for s in settings.source
    )
    subscribers = tuple(
        replace(s, secret=_read_secret(s.secret_file, folder, f"subscriber {s.name}", mistakes))
        if s.secret_file
        else s
        for s in settings.subscriber
    )
    pulls = tuple(
        replace(r, token=_read_secret(r.token_file, folder, f"reconcile {r.source}", mistakes))
        if r.token_file
        else r
        for r in settings.reconcile
    )
    tokens = tuple(
        replace(t, secret=_read_secret(t.secret_file, folder, f"token {t.name}", mistakes))
        if t.secret_file
        else t
        for t in settings.token
    )
    return replace(
        settings, domain=domains, source=sources, subscriber=subscribers, reconcile=pulls,
        token=tokens,
    )  # fmt: skip
