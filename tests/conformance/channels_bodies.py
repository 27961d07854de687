"""Bodies of three vendors, one of each documented kind, with invented people.

`BODIES[vendor][name]` is the body and what it must give: the events' types in order, or the code of
the reason why there is none.
"""

from __future__ import annotations

from typing import Any

Body = dict[str, Any]
Expected = tuple[str, ...] | str

NOW_MS = 1_790_000_000_000
NOW_S = NOW_MS // 1_000


# Chatwoot -------------------------------------------------------------------------------------


def conversation(**more: Any) -> Body:
    """As Chatwoot's event presenter shows it."""
    return {
        "id": 71,
        "inbox_id": 2,
        "channel": "Channel::WebWidget",
        "status": "open",
        "contact_inbox": {"contact_id": 5, "source_id": "c0ffee-5", "hmac_verified": False},
        "meta": {
            "sender": {
                "id": 5,
                "type": "contact",
                "name": "Ines Duval",
                "email": "ines@example.com",
                "phone_number": "+33600000005",
                "identifier": None,
            },
            "assignee": None,
            "team": None,
            "hmac_verified": False,
        },
        "messages": [],
        "labels": [],
        "priority": None,
        "created_at": NOW_S,
        "timestamp": NOW_S,
        "updated_at": NOW_S + 0.25,
        **more,
    }


def chatwoot_message(event: str = "message_created", **more: Any) -> Body:
    return {
        "event": event,
        "id": 900,
        "content": "Where is my parcel?",
        "content_type": "text",
        "content_attributes": {},
        "message_type": "incoming",
        "private": False,
        "created_at": "2026-09-21T14:13:20.000Z",
        "updated_at": "2026-09-21T14:13:21.000Z",
        "sender": {"id": 5, "name": "Ines Duval", "type": "contact"},
        "conversation": conversation(),
        **more,
    }


def changed(event: str = "conversation_updated", /, **attributes: tuple[Any, Any]) -> Body:
    """`attributes`: name → (before, after)."""
    stamp = {"previous_value": "2026-09-21T14:13:20.000Z", "current_value": "2026-09-21T14:14:00Z"}
    changes = [
        {name: {"previous_value": before, "current_value": after}}
        for name, (before, after) in attributes.items()
    ]
    return {"event": event, "changed_attributes": [*changes, {"updated_at": stamp}]}


AGENT = {"id": 31, "name": "Ruth", "type": "user"}
CHATWOOT: dict[str, tuple[Body, Expected]] = {
    "incoming": (chatwoot_message(), ("message.posted",)),
    "outgoing": (chatwoot_message(message_type="outgoing", sender=AGENT), ("message.posted",)),
    "by number": (chatwoot_message(message_type=0), ("message.posted",)),
    "bot": (
        chatwoot_message(message_type="outgoing", sender={"id": 4, "type": "agent_bot"}),
        ("message.posted",),
    ),
    "note": (
        chatwoot_message(message_type="outgoing", private=True, sender=AGENT),
        ("message.posted",),
    ),
    "greeting": (chatwoot_message(message_type="template", sender=None), ("message.posted",)),
    "picture": (
        chatwoot_message(content=None, attachments=[{"file_type": "image"}]),
        ("message.posted",),
    ),
    "activity": (chatwoot_message(message_type="activity"), "ignored"),
    "no id": (chatwoot_message(id=None), "malformed"),
    "delivered": (
        chatwoot_message("message_updated", status="delivered"),
        ("message.status_changed",),
    ),
    "read": (chatwoot_message("message_updated", status="read"), ("message.status_changed",)),
    "failed": (
        chatwoot_message(
            "message_updated", status="failed", content_attributes={"external_error": "blocked"}
        ),
        ("message.status_changed",),
    ),
    "deleted": (
        chatwoot_message("message_updated", content_attributes={"deleted": True}),
        ("message.status_changed",),
    ),
    "touched": (chatwoot_message("message_updated", status="sent"), "ignored"),
    "rated": (
        chatwoot_message(
            "message_updated",
            content_type="input_csat",
            content_attributes={
                "submitted_values": {
                    "csat_survey_response": {"rating": 2, "feedback_message": "Slow."}
                }
            },
        ),
        ("feedback.received",),
    ),
    "chose": (
        chatwoot_message(
            "message_updated",
            content_type="input_select",
            content_attributes={"submitted_values": [{"title": "Returns", "value": "returns"}]},
        ),
        ("selfservice.stepped",),
    ),
    "gave an address": (
        chatwoot_message(
            "message_updated",
            content_type="input_email",
            content_attributes={"submitted_email": "ines@example.com"},
        ),
        ("selfservice.stepped", "identity.linked"),
    ),
    "call rings": (
        chatwoot_message(
            content_type="voice_call", content_attributes={"data": {"status": "ringing"}}
        ),
        "ignored",
    ),
    "call answered": (
        chatwoot_message(
            "message_updated",
            content_type="voice_call",
            content_attributes={"data": {"status": "in-progress", "accepted_by": {"id": 31}}},
        ),
        ("agent.connected",),
    ),
    "call missed": (
        chatwoot_message(
            "message_updated",
            content_type="voice_call",
            content_attributes={"data": {"status": "no-answer"}},
        ),
        ("contact.ended",),
    ),
    "opened": ({**conversation(), "event": "conversation_created"}, ("conversation.opened",)),
    "opened with the bot": (
        {**conversation(status="pending"), "event": "conversation_created"},
        ("conversation.opened", "conversation.updated"),
    ),
    "resolved": (
        {
            **conversation(status="resolved"),
            **changed("conversation_status_changed", status=("open", "resolved")),
        },
        ("conversation.updated",),
    ),
    "handed off": (
        {**conversation(), **changed("conversation_status_changed", status=("pending", "open"))},
        ("conversation.updated",),
    ),
    "snoozed": (
        {**conversation(status="snoozed"), **changed(status=("open", "snoozed"))},
        ("conversation.updated",),
    ),
    "assigned": ({**conversation(), **changed(assignee_id=(30, 31))}, ("assignment.changed",)),
    "another team": ({**conversation(), **changed(team_id=(1, 2))}, ("assignment.changed",)),
    "labelled": (
        {**conversation(labels=["billing"]), **changed(label_list=([], ["billing"]))},
        ("conversation.updated",),
    ),
    "priority": (
        {**conversation(priority="urgent"), **changed(priority=(None, "urgent"))},
        ("conversation.updated",),
    ),
    "seen": ({**conversation(), **changed(agent_last_seen_at=(None, "x"))}, "ignored"),
    "state without a change": (
        {**conversation(), "event": "conversation_updated"},
        ("conversation.updated",),
    ),
    "bot: resolved": (
        {**conversation(), "event": "conversation_resolved"},
        ("conversation.updated",),
    ),
    "automation: message": (
        {
            **conversation(messages=[{"id": 900, "content": "Hi", "message_type": 0}]),
            "event": "automation_event.message_created",
        },
        ("message.posted",),
    ),
    "odd status": (
        {**conversation(status="lost"), **changed(status=("open", "lost"))},
        "malformed",
    ),
    "contact": (
        {
            "event": "contact_updated",
            "id": 5,
            "name": "Ines Duval",
            "email": "ines@example.com",
            "phone_number": "+33600000005",
        },
        ("identity.linked",),
    ),
    "bare contact": ({"event": "contact_created", "id": 5, "name": "quiet-moon"}, "ignored"),
    "widget": (
        {
            "event": "webwidget_triggered",
            "id": 12,
            "source_id": "c0ffee-5",
            "contact": {"id": 5},
            "current_conversation": None,
            "event_info": {"initiated_at": {"timestamp": "Mon Sep 21 2026 14:13:20 GMT+0000"}},
        },
        ("selfservice.stepped",),
    ),
    "typing": ({**conversation(), "event": "conversation_typing_on"}, "ignored"),
    "inbox": ({"event": "inbox_updated", "id": 2}, "ignored"),
    "news": ({"event": "conversation_levitated", "id": 2}, "unknown_type"),
}


# WhatsApp -------------------------------------------------------------------------------------

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


META_WHATSAPP: dict[str, tuple[Body, Expected]] = {
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
}


# Zendesk --------------------------------------------------------------------------------------


def zendesk(kind: str, event: Body | None = None, **detail: Any) -> Body:
    """A ticket's event, or a user's."""
    room = kind.partition(".")[0]
    about = (
        {"id": "40", "email": "lea@example.com", "role": "end-user", "external_id": "C-40"}
        if room == "user"
        else {
            "id": "9007199254740993",
            "requester_id": "40",
            "submitter_id": "40",
            "actor_id": "40",
            "assignee_id": "0",
            "group_id": "",
            "status": "OPEN",
            "subject": "Broken lamp",
            "description": "It does not light.",
            "created_at": "2026-09-21T14:13:20Z",
            "tags": ["lamp"],
            "via": {"channel": "email"},
        }
    )
    return {
        "type": f"zen:event-type:{kind}",
        "account_id": 77,
        "id": f"01JZ{kind}",
        "time": "2026-09-21T14:13:20.123456789Z",
        "subject": f"zen:{room}:{about['id']}",
        "zendesk_event_version": "2022-11-06",
        "detail": {**about, **detail},
        "event": event or {},
    }


def zendesk_comment(body: str, *, staff: bool = False, public: bool = True) -> Body:
    author = {"id": "31" if staff else "40", "is_staff": staff, "name": "Léa Roche"}
    comment = {"id": "555", "body": body, "is_public": public, "author": author}
    return zendesk("ticket.comment_added", {"comment": comment})


def zendesk_line(actor: Body) -> Body:
    event = {"actor": actor, "conversation_id": "c1", "message": {"id": "m1", "body": "Hello"}}
    return {**zendesk("messaging_ticket.message_added", event), "detail": {"id": "141"}}


AGENTS_WORKSPACE = {"id": "i2", "name": "zd-agentWorkspace", "integrationType": "zd:agentWorkspace"}
AI_AGENT = {"id": "i1", "name": "zd-answerBot", "integrationType": "zd:answerBot"}
LEA = {
    "id": "u1",
    "externalId": "C-40",
    "profile": {"givenName": "Léa", "surname": "Roche", "email": "lea@example.com"},
}


def sunshine(kind: str, *, holder: Body | None = None, **payload: Any) -> Body:
    """One event of Zendesk's messaging platform."""
    shown = {"id": "c1", "type": "personal", "activeSwitchboardIntegration": holder or AI_AGENT}
    return {
        "app": {"id": "a1"},
        "webhook": {"id": "w1", "version": "v2"},
        "events": [
            {
                "id": f"e-{kind}",
                "type": kind,
                "createdAt": "2026-09-21T14:13:20.547Z",
                "payload": {"conversation": shown, **payload},
            }
        ],
    }


def sunshine_line(author: Body, source: str, holder: Body | None = None) -> Body:
    message = {
        "id": "m9",
        "received": "2026-09-21T14:13:20.500Z",
        "author": author,
        "content": {"type": "text", "text": "Hello"},
        "source": {"type": source, "client": {"type": source, "externalId": "33600000040"}},
    }
    return sunshine("conversation:message", holder=holder, message=message)


SUNSHINE: dict[str, tuple[Body, Expected]] = {
    "messaging: customer": (
        sunshine_line({"type": "user", "userId": "u1", "user": LEA}, "whatsapp"),
        ("message.posted",),
    ),
    "messaging: machine": (
        sunshine_line({"type": "business"}, "zd:answerBot"),
        ("message.posted",),
    ),
    "messaging: agent": (
        sunshine_line({"type": "business", "userId": "31"}, "zd:agentWorkspace", AGENTS_WORKSPACE),
        ("message.posted",),
    ),
    "messaging: opened": (
        sunshine("conversation:create", creationReason="message", user=LEA),
        ("conversation.opened",),
    ),
    "messaging: passed": (
        sunshine("switchboard:passControl", holder=AGENTS_WORKSPACE),
        ("assignment.changed", "conversation.updated"),
    ),
    "messaging: offered": (
        sunshine("switchboard:offerControl", pendingSwitchboardIntegration=AGENTS_WORKSPACE),
        ("transfer.reported",),
    ),
    "messaging: refused": (sunshine("switchboard:acceptControl:failure"), ("transfer.reported",)),
    "messaging: released": (sunshine("switchboard:releaseControl"), ("assignment.changed",)),
    "messaging: delivered": (
        sunshine("conversation:message:delivery:user", message={"id": "m9"}, user=LEA),
        ("message.status_changed",),
    ),
    "messaging: button": (
        sunshine("conversation:postback", postback={"payload": "returns"}, user=LEA),
        ("selfservice.stepped",),
    ),
    "messaging: client": (
        sunshine("client:add", user=LEA, client={"type": "whatsapp", "externalId": "33600000040"}),
        ("identity.linked",),
    ),
    "messaging: bare client": (sunshine("client:add", user={"id": "u1"}), "ignored"),
    "messaging: merged": (
        sunshine("user:merge", mergedUsers={"surviving": {"id": "u1"}, "discarded": {"id": "u2"}}),
        ("identity.linked",),
    ),
    "messaging: typing": (sunshine("conversation:typing"), "ignored"),
    "messaging: news": (sunshine("conversation:levitate"), "unknown_type"),
}

ZENDESK: dict[str, tuple[Body, Expected]] = {
    **SUNSHINE,
    "created": (zendesk("ticket.created"), ("conversation.opened", "message.posted")),
    "created by an agent": (
        zendesk("ticket.created", submitter_id="31", actor_id="31", assignee_id="31"),
        ("conversation.opened", "assignment.changed"),
    ),
    "created solved": (
        zendesk("ticket.created", status="SOLVED"),
        ("conversation.opened", "message.posted", "conversation.updated"),
    ),
    "comment": (zendesk_comment("Any news?"), ("message.posted",)),
    "answer": (zendesk_comment("Soon.", staff=True), ("message.posted",)),
    "note": (zendesk_comment("Angry.", staff=True, public=False), ("message.posted",)),
    "redacted": (
        zendesk("ticket.comment_redacted", {"comment": {"id": "555"}}),
        ("message.status_changed",),
    ),
    "made private": (
        zendesk("ticket.comment_made_private", {"comment": {"id": "555"}}),
        ("message.status_changed",),
    ),
    **{
        f"status {status}": (
            zendesk("ticket.status_changed", {"previous": "OPEN", "current": status}),
            expected,
        )
        for status, expected in (
            ("PENDING", ("conversation.updated",)),
            ("solved", ("conversation.updated",)),
            ("CLOSED", ("conversation.updated",)),
            ("ARCHIVED", "ignored"),
            ("LEVITATED", "malformed"),
        )
    },
    "custom status": (
        zendesk("ticket.custom_status_changed", {"current": "11", "previous": "12"}, status="HOLD"),
        ("conversation.updated",),
    ),
    "agent": (
        zendesk("ticket.agent_assignment_changed", {"previous": "31", "current": "32"}),
        ("assignment.changed",),
    ),
    "group": (
        zendesk("ticket.group_assignment_changed", {"previous": "8", "current": "9"}),
        ("assignment.changed",),
    ),
    "priority": (
        zendesk("ticket.priority_changed", {"previous": "LOW", "current": "URGENT"}),
        ("conversation.updated",),
    ),
    "tags": (
        zendesk("ticket.tags_changed", {"tags_added": ["lamp"], "tags_removed": []}),
        ("conversation.updated",),
    ),
    "merged": (zendesk("ticket.merged", {"target_ticket_id": "12"}), ("conversation.linked",)),
    "soft deleted": (zendesk("ticket.soft_deleted"), ("conversation.updated",)),
    "deleted": (zendesk("ticket.permanently_deleted"), ("conversation.updated",)),
    "spam": (zendesk("ticket.marked_as_spam"), ("conversation.updated",)),
    "undeleted": (zendesk("ticket.undeleted"), ("conversation.updated",)),
    "bad": (
        zendesk(
            "ticket.csat_received", {"satisfaction_score": {"score": "BAD", "comment": "Slow"}}
        ),
        ("feedback.received",),
    ),
    "asked to rate": (zendesk("ticket.csat_requested"), "ignored"),
    "subject": (zendesk("ticket.subject_changed", {"current": "Lamp"}), "ignored"),
    "field": (zendesk("ticket.custom_field_changed", {"current": {"value": "x"}}), "ignored"),
    "sla": (zendesk("ticket.sla_policy_changed"), "ignored"),
    "unknown of a ticket": (zendesk("ticket.levitated"), "unknown_type"),
    "line": (zendesk_line({"id": "u1", "name": "Léa", "type": "end_user"}), ("message.posted",)),
    "agent's line": (zendesk_line({"id": "31", "type": "agent"}), ("message.posted",)),
    "bot's line": (zendesk_line({"id": "zd:answerBot", "type": "system"}), ("message.posted",)),
    "trigger's line": (zendesk_line({"id": "t1", "type": "trigger"}), ("message.posted",)),
    "user": (zendesk("user.created"), ("identity.linked",)),
    "identity": (
        zendesk(
            "user.identity_created",
            {"identity": {"type": "phone_number", "value": "+33600000040", "verified": True}},
        ),
        ("identity.linked",),
    ),
    "identity, with a slash": (
        {**zendesk("user.identity_changed"), "type": "zen:event-type/user.identity_changed"},
        ("identity.linked",),
    ),
    "users merged": (zendesk("user.merged", {"user": {"id": "41"}}), ("identity.linked",)),
    "user deleted": (zendesk("user.deleted"), "ignored"),
    "an agent's record": (zendesk("user.created", role="agent"), "ignored"),
    "unknown of a user": (zendesk("user.levitated"), "unknown_type"),
    "post": (
        {**zendesk("community_post.created", {"title": "Lamp", "body": "Mine too"})},
        ("message.posted",),
    ),
    "organization": (zendesk("organization.created"), "ignored"),
    "article": (zendesk("article.published"), "ignored"),
    "availability": (zendesk("agent.work_item_added", {"work_item_id": "1"}), "ignored"),
    "trigger": ({"ticket": {"id": "12"}, "action": "escalate"}, "unknown_type"),
    "no id": ({**zendesk("ticket.created"), "id": None}, "malformed"),
}

BODIES = {"chatwoot": CHATWOOT, "meta_whatsapp": META_WHATSAPP, "zendesk": ZENDESK}
