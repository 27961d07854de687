"""One HTTP request that a vendor would make."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Person(msgspec.Struct, frozen=True):
    """An invented customer, with the ways in which vendors know him. `number` is unique."""

    number: int
    name: str
    phone: str
    email: str

    @property
    def wa_id(self) -> str:
        return self.phone.removeprefix("+")

    @property
    def crm(self) -> str:
        return f"C-{self.number:05d}"


class Agent(msgspec.Struct, frozen=True):
    """An invented agent; `number` is his id in every vendor's system."""

    number: int
    name: str

    @property
    def email(self) -> str:
        return f"agent-{self.number}@acme.example"


class Call(msgspec.Struct, frozen=True):
    """A request for `POST /v1/in/{source}{query}`."""

    source: str
    body: bytes
    headers: Mapping[str, str]
    query: str = ""
