"""WhatsApp, Messenger, Instagram: messages and receipts, in batches that are sent again whole; no
word of agents, but for the app that has the thread. WhatsApp's times are whole seconds.
"""

from __future__ import annotations

from typing import Any

import pytest

from streams.demo.cast import person
from streams.demo.traffic import meta_whatsapp
from streams.demo.traffic.call import Call
from streams.demo.traffic.meta_messaging import BOT_APP, INBOX_APP, Page
from tests.cases.vendors.lives import Hook, becomes

ADA = person(7)


def whatsapp(what: Any, ident: str, told: str) -> Hook:
    return lambda at_ms: what("meta_whatsapp", "s", ADA, ident, told, at_ms)


def test_whatsapp_with_the_business_app_and_receipts_in_any_order() -> None:
    asks, answers, receipt = meta_whatsapp.message, meta_whatsapp.echo, meta_whatsapp.status
    life = [
        ("0:00", whatsapp(asks, "1", "Where is my lamp?")),
        ("0:05", whatsapp(asks, "2", "Number 77")),
        ("5:00", whatsapp(answers, "3", "It comes today.")),
        ("5:00", whatsapp(receipt, "3", "sent")),
        ("5:01", whatsapp(receipt, "3", "delivered")),
        ("5:01", whatsapp(receipt, "3", "read")),
        ("10:00", whatsapp(asks, "4", "Nobody came.")),
        ("12:00", whatsapp(answers, "5", "Sorry!")),
        ("12:00", whatsapp(receipt, "5", "failed")),
    ]
    becomes("meta_whatsapp", life, """
        0:00 whatsapp opened by customer
        5:00 first reply by somebody after 5:00
        12:00 next reply by somebody after 2:00
        said: agent 2, customer 3
    """)  # fmt: skip


@pytest.mark.parametrize("vendor", ["meta_messenger", "meta_instagram"])
def test_a_bot_passes_the_thread_to_the_inbox(vendor: str) -> None:
    page = Page(vendor, "s", "page" if vendor == "meta_messenger" else "instagram")
    channel = vendor.removeprefix("meta_")

    def told(what: Any, *words: str) -> Hook:
        def hook(at_ms: int) -> Call:
            return (
                what(ADA, *words, at_ms)
                if what != page.echo
                else what(ADA, *words[:2], at_ms, words[2])
            )

        return hook

    life = [
        ("0:00", told(page.message, "1", "Where is my lamp?")),
        ("0:02", told(page.echo, "2", "Which number?", BOT_APP)),
        ("0:30", told(page.message, "3", "A human, please")),
        ("0:31", told(page.passed, BOT_APP, INBOX_APP)),
        ("2:00", told(page.echo, "4", "Let me see.", INBOX_APP)),
        ("2:10", told(page.read)),
        ("3:00", told(page.message, "5", "Number 77")),
        ("4:00", told(page.echo, "6", "It comes today.", INBOX_APP)),
    ]
    becomes(vendor, life, f"""
        0:00 {channel} opened by customer
        0:31 handoff transfer bot → {INBOX_APP}: successful
        2:00 first reply by somebody after 2:00
        4:00 next reply by somebody after 1:00
        said: agent 2, bot 1, customer 3
    """, options={"bots": BOT_APP})  # fmt: skip
