"""WhatsApp Cloud: a body of each documented kind."""

from __future__ import annotations

from typing import Any

from streams.demo.traffic import meta_whatsapp
from tests.conformance.vendors import NOW_MS, NOW_S, SECRET, WHO, Bodies, Body

CALL = meta_whatsapp.message("source", SECRET, WHO, "x", "hello", NOW_MS)
SIGNS = "body"
WORDS = ("Karim", "Bonjour", "parcel", "example.com")


OURS = "33100000001"
THEIRS = "33600000007"
BSUID = "FR.13490000000000000007"


def change(field: str, *, contacts: Any = None, **value: Any) -> Body:
    """One change in one entry."""
    if contacts is None:
        contacts = [{"profile": {"name": "Karim Benali"}, "wa_id": THEIRS, "user_id": BSUID}]
    return {
        "object": "whatsapp_business_account",
        "entry": [
            {
                "id": "5001",
                "changes": [
                    {
                        "field": field,
                        "value": {
                            "messaging_product": "whatsapp",
                            "metadata": {
                                "display_phone_number": OURS,
                                "phone_number_id": "7001",
                            },
                            "contacts": contacts,
                            **value,
                        },
                    }
                ],
            }
        ],
    }


def wa_message(kind: str, part: Any = None, **more: Any) -> Body:
    message = {"from": THEIRS, "id": f"wamid.{kind}", "timestamp": str(NOW_S), "type": kind, **more}
    if part is not None:
        message[kind] = part
    return change("messages", messages=[message])


def wa_status(status: str, **more: Any) -> Body:
    row = {"id": "wamid.out", "status": status, "timestamp": str(NOW_S), "recipient_id": THEIRS}
    return change("messages", statuses=[{**row, **more}])


def wa_call(event: str, **more: Any) -> Body:
    call = {"id": "wacid.1", "from": THEIRS, "to": OURS, "event": event, "timestamp": str(NOW_S)}
    return change("calls", calls=[{**call, "direction": "USER_INITIATED", **more}])


def wa_system(kind: str, **system: Any) -> Body:
    row = {"from": THEIRS, "id": "wamid.system", "timestamp": str(NOW_S), "type": "system"}
    return change("messages", contacts=[], messages=[{**row, "system": {"type": kind, **system}}])


BODIES: Bodies = {
    "text": (wa_message("text", {"body": "Bonjour"}), ("message.posted",)),
    "image": (wa_message("image", {"id": "1", "mime_type": "image/jpeg"}), ("message.posted",)),
    "audio": (wa_message("audio", {"id": "1", "voice": True}), ("message.posted",)),
    "video": (wa_message("video", {"id": "1", "caption": "See"}), ("message.posted",)),
    "document": (wa_message("document", {"id": "1", "filename": "a.pdf"}), ("message.posted",)),
    "sticker": (wa_message("sticker", {"id": "1"}), ("message.posted",)),
    "location": (wa_message("location", {"latitude": 1, "longitude": 2}), ("message.posted",)),
    "contacts": (wa_message("contacts", [{"name": {"first_name": "Zoé"}}]), ("message.posted",)),
    "button": (wa_message("button", {"text": "Yes", "payload": "y"}), ("message.posted",)),
    "choice": (
        wa_message("interactive", {"type": "list_reply", "list_reply": {"id": "1", "title": "A"}}),
        ("message.posted",),
    ),
    "form": (
        wa_message(
            "interactive",
            {
                "type": "nfm_reply",
                "nfm_reply": {
                    "name": "flow",
                    "body": "Sent",
                    "response_json": '{"flow_token":"f-1","size":"42"}',
                },
            },
        ),
        ("message.posted", "task.progressed"),
    ),
    "may call": (
        wa_message(
            "interactive",
            {"type": "call_permission_reply", "call_permission_reply": {"response": "accept"}},
        ),
        ("message.posted", "consent.changed"),
    ),
    "order": (
        wa_message(
            "order",
            {"product_items": [{"item_price": 12.5, "quantity": 2, "currency": "EUR"}]},
        ),
        ("message.posted", "task.progressed"),
    ),
    "reply": (
        wa_message("text", {"body": "Oui"}, context={"from": OURS, "id": "wamid.asked"}),
        ("message.posted",),
    ),
    "from an advertisement": (
        wa_message("text", {"body": "Info?"}, referral={"source_id": "ad-1", "source_type": "ad"}),
        ("message.posted",),
    ),
    "unsupported": (wa_message("unsupported", errors=[{"code": 131051}]), ("message.posted",)),
    "reaction": (
        wa_message("reaction", {"message_id": "wamid.out", "emoji": "👍"}),
        ("message.status_changed",),
    ),
    "reaction taken back": (
        wa_message("reaction", {"message_id": "wamid.out"}),
        ("message.status_changed",),
    ),
    "edit": (
        wa_message(
            "edit",
            {
                "original_message_id": "wamid.text",
                "message": {"type": "text", "text": {"body": "Bonsoir"}},
            },
        ),
        ("message.status_changed",),
    ),
    "revoke": (
        wa_message("revoke", {"original_message_id": "wamid.text"}),
        ("message.status_changed",),
    ),
    "chat opened": (wa_message("request_welcome"), ("selfservice.stepped",)),
    "group": (wa_message("text", {"body": "Hi all"}, group_id="g-1"), ("message.posted",)),
    "echo": (
        change(
            "smb_message_echoes",
            message_echoes=[
                {
                    "from": OURS,
                    "to": THEIRS,
                    "id": "wamid.echo",
                    "timestamp": str(NOW_S),
                    "type": "text",
                    "text": {"body": "It is on its way."},
                }
            ],
        ),
        ("message.posted",),
    ),
    "history": (
        change(
            "history",
            contacts=[],
            history=[
                {
                    "metadata": {"phase": 0, "chunk_order": 1, "progress": 50},
                    "threads": [
                        {
                            "id": THEIRS,
                            "messages": [
                                {
                                    "from": THEIRS,
                                    "id": "wamid.h1",
                                    "timestamp": str(NOW_S - 9_000),
                                    "type": "text",
                                    "text": {"body": "Old question"},
                                },
                                {
                                    "from": OURS,
                                    "to": THEIRS,
                                    "id": "wamid.h2",
                                    "timestamp": str(NOW_S - 8_000),
                                    "type": "text",
                                    "text": {"body": "Old answer"},
                                },
                            ],
                        }
                    ],
                }
            ],
        ),
        ("message.posted", "message.posted"),
    ),
    "history refused": (
        change("history", history=[{"errors": [{"code": 2593109, "title": "Not shared"}]}]),
        "ignored",
    ),
    "sent": (wa_status("sent"), ("message.status_changed",)),
    "delivered": (wa_status("delivered"), ("message.status_changed",)),
    "read": (wa_status("read"), ("message.status_changed",)),
    "played": (wa_status("played"), ("message.status_changed",)),
    "failed": (
        wa_status("failed", errors=[{"code": 131047, "title": "Re-engagement message"}]),
        ("message.status_changed",),
    ),
    "read in a group": (
        wa_status(
            "read", recipient_id="g-1", recipient_type="group", recipient_participant_id=THEIRS
        ),
        ("message.status_changed",),
    ),
    "paid": (
        wa_status(
            "captured",
            type="payment",
            payment={
                "reference_id": "r-1",
                "amount": {"value": 4990, "offset": 100},
                "currency": "INR",
            },
        ),
        ("task.progressed",),
    ),
    "odd status": (wa_status("levitated"), "unknown_type"),
    "call": (wa_call("connect"), ("conversation.opened",)),
    "call talked": (
        wa_call("terminate", status="COMPLETED", start_time=str(NOW_S - 60), duration=55),
        ("agent.connected", "contact.ended"),
    ),
    "call missed": (wa_call("terminate", status="FAILED"), ("contact.ended",)),
    "our call rings": (wa_status("RINGING", id="wacid.2", type="call"), ("conversation.opened",)),
    "our call is taken": (wa_status("ACCEPTED", id="wacid.2", type="call"), ("agent.connected",)),
    "our call is refused": (wa_status("REJECTED", id="wacid.2", type="call"), ("contact.ended",)),
    "new number": (
        wa_system("user_changed_number", wa_id="33600000008", body="changed"),
        ("identity.linked",),
    ),
    "new user id": (
        wa_system("user_changed_user_id", previous_user_id=BSUID, user_id="FR.2"),
        ("identity.linked",),
    ),
    "new keys": (wa_system("customer_identity_changed", body="x"), "ignored"),
    "rotated id": (
        change(
            "user_id_update", user_id_update=[{"user_id": {"previous": BSUID, "current": "FR.2"}}]
        ),
        ("identity.linked",),
    ),
    "no advertising": (
        change(
            "user_preferences",
            user_preferences=[
                {
                    "wa_id": THEIRS,
                    "category": "marketing_messages",
                    "value": "stop",
                    "timestamp": NOW_S,
                }
            ],
        ),
        ("consent.changed",),
    ),
    "no advertising, told by a failure": (
        wa_status("failed", errors=[{"code": 131050, "title": "User has stopped receiving"}]),
        ("message.status_changed", "consent.changed"),
    ),
    "link of a campaign": (
        change(
            "messages",
            user_actions=[
                {
                    "timestamp": str(NOW_S),
                    "action_type": "marketing_messages_link_click",
                    "marketing_messages_link_click_data": {
                        "tracking_token": "track-1",
                        "click_id": "click-1",
                        "click_component": "CTA",
                    },
                }
            ],
        ),
        ("message.status_changed",),
    ),
    "another action": (
        change("messages", user_actions=[{"timestamp": "1", "action_type": "levitation"}]),
        "unknown_type",
    ),
    "on premises": (
        {
            "contacts": [{"profile": {"name": "Karim Benali"}, "wa_id": THEIRS}],
            "messages": [
                {"from": THEIRS, "id": "gid.1", "timestamp": str(NOW_S), "type": "text",
                 "text": {"body": "Bonjour"}}
            ],
        },
        ("message.posted",),
    ),
    "handed over": (
        change(
            "messaging_handovers",
            sender={"phone_number": THEIRS},
            recipient={"phone_number_id": "7001"},
            timestamp=str(NOW_S),
            control_passed={"metadata": "to the bot"},
        ),
        ("transfer.reported",),
    ),
    "error": (change("messages", errors=[{"code": 0, "title": "We were unable"}]), "ignored"),
    "template": (change("message_template_status_update", event="APPROVED"), "ignored"),
    "account": (change("account_update", event="VERIFIED_ACCOUNT"), "ignored"),
    "address book": (change("smb_app_state_sync", state_sync=[]), "ignored"),
    "empty": ({"object": "whatsapp_business_account", "entry": []}, "ignored"),
    "another product": (
        {"object": "page", "entry": [{"id": "1", "messaging": []}]},
        "unknown_type",
    ),
    "news": (change("levitations"), "unknown_type"),
}  # fmt: skip
