"""What is the same for every mail: its thread, its writer, whether a machine wrote it, its words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.common import Actor, Identifier, Ref
from streams.channels.base import Parsed, Request, SourceConfig
from streams.channels.draft import Draft
from streams.channels.mail import read_mail
from streams.channels.mail_headers import Headers, decoded, from_block, mail_id, mail_ids, mailboxes
from streams.channels.mail_message import Mail, read_mime
from streams.channels.mail_reports import diagnosis
from streams.channels.mail_text import words
from tests.conformance.vendors import NOW_MS
from tests.examples import examples

ZOE, INBOX = "Zoé <zoe@example.com>", "support@in.shop.example"


def told(mail: Mail, at_ms: int | None = None, **options: str) -> Parsed:
    source = SourceConfig("box", "postmark", "acme", options=options)
    request = Request("POST", "https://hooks.example.com/", {}, b"", NOW_MS + 900)
    return read_mail(mail, Draft(request, source, "inbound"), source, at_ms)


def only(mail: Mail, **options: str) -> Any:
    [found] = told(mail, **options).events
    return found


def mail(*headers: tuple[str, str], **fields: Any) -> Mail:
    given = {name.lower() for name, _ in headers}
    usual = [("From", ZOE), ("To", INBOX), ("Message-ID", "<m@x>"), ("Subject", "Lamp")]
    kept = [pair for pair in usual if pair[0].lower() not in given]
    fields = {"text": "Hello", "envelope_to": (INBOX,)} | fields
    return Mail(Headers([*kept, *headers]), **fields)


# Threads ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "thread", "answers"),
    [
        ([], "m@x", None),
        ([("In-Reply-To", "<a@x>")], "a@x", "a@x"),
        ([("References", "<a@x> <b@x>"), ("In-Reply-To", "<b@x>")], "a@x", "b@x"),
        ([("References", "<a@x>\r\n\t<b@x>")], "a@x", None),
        ([("References", ""), ("In-Reply-To", "<b@x>")], "b@x", "b@x"),
        ([("In-Reply-To", "Message of Monday <a@x>")], "a@x", "a@x"),
        ([("In-Reply-To", "a@x")], "a@x", "a@x"),
        ([("In-Reply-To", "your mail of Monday")], "m@x", None),
        ([("Message-ID", "m@x")], "m@x", None),
    ],
)
def test_a_thread_is_named_by_its_first_mail(
    headers: list[tuple[str, str]], thread: str, answers: str | None
) -> None:
    found = only(mail(*headers))
    assert (found.conversation.id, found.in_reply_to) == (thread, answers)
    assert (found.message_id, found.channel) == ("m@x", "email")


def test_all_mails_of_a_thread_have_its_name() -> None:
    first = mail()
    second = mail(("Message-ID", "<n@x>"), ("In-Reply-To", "<m@x>"), ("References", "<m@x>"))
    third = mail(("Message-ID", "<o@x>"), ("In-Reply-To", "<n@x>"), ("References", "<m@x> <n@x>"))
    assert {only(one).conversation.id for one in (first, second, third)} == {"m@x"}
    assert len({only(one).id for one in (first, second, third)}) == 3
    assert only(third).refs == (Ref("conversation", "n@x"),)


@pytest.mark.parametrize(
    ("value", "ident"),
    [
        ("<wrfRRvF7Q0GgwUo2CvDmEA@ismtpd0006p1sjc2.sendgrid.net>", "wrfRRvF7Q0GgwUo2CvDmEA"),
        ("<XkiR13FT6usN2oOhvQEbw@geopod-ismtpd-3-0>", "XkiR13FT6usN2oOhvQEbw"),
        ("<14c5d75ce93.dfd.64b469@ismtpd-555>", "14c5d75ce93.dfd.64b469"),
        (
            "<883953f4-6105-42a2-a16a-77a8eac79483@mtasv.net>",
            "883953f4-6105-42a2-a16a-77a8eac79483",
        ),
        ("< a@x >", "a@x"),
        ("<a@mtasv.net.evil.example>", "a@mtasv.net.evil.example"),
        ("", ""),
    ],
)
def test_ids_that_vendors_make_are_theirs(value: str, ident: str) -> None:
    assert mail_id(value) == ident


def test_a_mail_without_any_id_is_known_again() -> None:
    bare = mail(("Message-ID", ""))
    assert only(bare).id == only(mail(("Message-ID", ""))).id
    assert only(bare).id != only(mail(("Message-ID", ""), text="Else")).id
    assert only(mail(("Message-ID", ""), ident="vendors-own")).message_id == "vendors-own"


@pytest.mark.parametrize(
    ("subject", "ticket"),
    [
        ("Re: [#4711] Lamp", "4711"),
        ("Re: [Ticket#31001] Lamp", "31001"),
        ("[Acme Support: 4711] Lamp", "4711"),
        ("[##123##] Lamp", "123"),
        ("Ticket #88 again", "88"),
        ("Ticket ID: 8812 is open", "8812"),
        ("Votre demande n° 88", ""),
        ("Order #4711", ""),
        ("2 lamps, 3 bulbs", ""),
    ],
)
def test_tickets_in_the_subject(subject: str, ticket: str) -> None:
    expected = (Ref("ticket", ticket, "desk"),) if ticket else ()
    assert only(mail(("Subject", subject)), tickets="desk").refs == expected


# Who wrote it -------------------------------------------------------------------------------------


def test_proven_and_claimed() -> None:
    proven = only(mail(("Reply-To", "other@else.example"), signed_by=("example.com",)))
    assert proven.identifiers == (Identifier("email", "zoe@example.com", "network"),)
    claimed = only(mail(("Reply-To", "other@else.example")))
    assert claimed.identifiers == (
        Identifier("email", "zoe@example.com", "claimed"),
        Identifier("email", "other@else.example", "claimed"),
    )


@pytest.mark.parametrize(
    "sender", ["no-reply@forms.example", "noreply@forms.example", "do-not-reply@forms.example",
               "ne-pas-repondre@forms.example", "form@in.shop.example", "web@shop.example"]
)  # fmt: skip
def test_who_stands_in_for_another_is_not_the_writer(sender: str) -> None:
    form = mail(
        ("From", f"Form <{sender}>"), ("Reply-To", ZOE), signed_by=(sender.partition("@")[2],)
    )
    found = only(form, ours="shop.example")
    assert found.identifiers == (Identifier("email", "zoe@example.com", "claimed"),)
    assert (found.direction, found.personal["name"]) == ("inbound", "Zoé")


def test_what_a_colleague_writes_is_outbound() -> None:
    sent = mail(("From", "Ann <ann@shop.example>"), ("To", f"{ZOE}, b@else.example"))
    found = only(sent, ours="shop.example, help@agency.example")
    assert (found.direction, found.actor) == ("outbound", Actor("agent", "ann@shop.example"))
    assert [i.value for i in found.identifiers] == ["zoe@example.com"]
    assert only(sent).direction == "inbound"


def test_a_servers_daemon_is_nobody() -> None:
    found = only(mail(("From", "MAILER-DAEMON@mx.example"), ("In-Reply-To", "<sent@x>")))
    assert found.identifiers == () and found.conversation.id == "sent@x"


@pytest.mark.parametrize(
    ("value", "boxes"),
    [
        ("=?utf-8?q?Op=C3=A9rateur?= de test <S@Example.com>", [("Opérateur de test", "s@example.com")]),
        ("Opérateur <s@example.com>", [("Opérateur", "s@example.com")]),
        ('"Doe, Jane" <j@x.example>, k@x.example', [("Doe, Jane", "j@x.example"), ("", "k@x.example")]),
        ("=?utf-8?q?Doe=2C_Jane?= <j@x.example>", [("Doe, Jane", "j@x.example")]),
        ("Doe, Jane <j@x.example>", [("Jane", "j@x.example")]),
        ("Test Sender ", []),
        ("undisclosed-recipients:;", []),
        ("(" * 5_000 + "j@x.example", [("", "j@x.example")]),
        ("", []),
    ],
)  # fmt: skip
def test_addresses(value: str, boxes: list[tuple[str, str]]) -> None:
    assert mailboxes(value) == boxes


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?cp850?q?Como_usted_pidi=A2?=", "Como usted pidió"),
        ("=?utf-8?b?w4k=?=\r\n =?utf-8?b?w4k=?=", "ÉÉ"),
        ("=?unheard-of?q?a=e9?=", "aé"),
        ("=?utf-8?b?!?=", ""),
        ("caf\udcc3\udca9", "café"),
        ("caf\udce9", "café"),
        ("\ud800x", "?x"),
        (" folded\r\n\tline ", "folded line"),
    ],
)
def test_headers_are_decoded(value: str, text: str) -> None:
    assert decoded(value) == text


def test_headers_as_one_text() -> None:
    found = from_block("Received: a\r\nSubject: One\r\n two\r\nreceived: b\r\nno header\r\nX:\r\n")
    assert found.all("received") == ["a", "b"]
    assert (found.first("subject"), found.first("x"), found.first("y")) == ("One two", "", None)
    assert mail_ids("none here") == []


# Machines -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "value", "automated"),
    [
        ("Auto-Submitted", "auto-replied", "auto_reply"),
        ("Auto-Submitted", "auto-generated; type=x", "auto_reply"),
        ("Auto-Submitted", "no", "no"),
        ("Auto-Submitted", "No", "no"),
        ("Precedence", "bulk", "auto_reply"),
        ("Precedence", "AUTO_REPLY", "auto_reply"),
        ("Precedence", "list", "no"),
        ("Precedence", "normal", "no"),
        ("X-Autoreply", "yes", "auto_reply"),
        ("Return-Path", "<>", "auto_reply"),
        ("Return-Path", "<zoe@example.com>", "no"),
    ],
)
def test_a_machines_mail_is_no_act(header: str, value: str, automated: str) -> None:
    found = only(mail((header, value)))
    assert found.automated == automated
    assert (found.actor.kind, found.direction) == ("customer", "inbound")


def test_an_envelope_without_a_sender() -> None:
    assert only(mail(envelope_from="")).automated == "auto_reply"
    assert only(mail(envelope_from="<>")).automated == "auto_reply"
    assert only(mail(envelope_from=None)).automated == "no"


def report(kind: str, part: str, fields: str, original: str) -> Mail:
    return read_mime(
        f"From: mailer-daemon@mx.example\r\nDate: Mon, 21 Sep 2026 14:13:20 +0000\r\n"
        f"Content-Type: multipart/report; report-type={kind}; boundary=r\r\n\r\n"
        f"--r\r\nContent-Type: text/plain\r\n\r\nSee below.\r\n"
        f"--r\r\nContent-Type: message/{part}\r\n\r\n{fields}\r\n"
        f"--r\r\nContent-Type: {original}\r\n\r\nMessage-ID: <sent@shop.example>\r\n\r\n--r--\r\n".encode()
    )


RECIPIENT = "Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; Zoe@example.com\r\n"


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ("failed", "bounced"),
        ("delayed", "deferred"),
        ("Delivered", "delivered"),
        ("relayed", "delivered"),
    ],
)
@pytest.mark.parametrize("original", ["message/rfc822", "text/rfc822-headers"])
def test_a_report_of_delivery(action: str, status: str, original: str) -> None:
    fields = f"{RECIPIENT}Action: {action}\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; no <a@b.example>\r\n"
    found = only(report("delivery-status", "delivery-status", fields, original))
    assert (found.status, found.message_id) == (status, "sent@shop.example")
    assert found.conversation.id == "sent@shop.example"
    assert found.identifiers == (Identifier("email", "zoe@example.com", "claimed"),)
    assert found.reason == "5.1.1 no <…>"


def test_a_report_of_reading_and_one_of_abuse() -> None:
    read = only(report("disposition-notification", "disposition-notification",
                       "Original-Message-ID: <sent@shop.example>\r\n"
                       "Disposition: manual-action/MDN-sent-manually; displayed\r\n",
                       "text/rfc822-headers"))  # fmt: skip
    assert (read.status, read.message_id, read.actor.kind) == (
        "read",
        "sent@shop.example",
        "customer",
    )
    abuse = only(report("feedback-report", "feedback-report",
                        "Feedback-Type: abuse\r\nOriginal-Rcpt-To: <zoe@example.com>\r\n",
                        "message/rfc822"))  # fmt: skip
    assert (abuse.purpose, abuse.state) == ("all", "denied")
    assert abuse.identifiers == (Identifier("email", "zoe@example.com", "claimed"),)


def test_a_server_that_names_whom_it_failed() -> None:
    found = only(
        mail(("X-Failed-Recipients", "zoe@example.com"), ("References", "<sent@shop.example>"))
    )
    assert (found.status, found.message_id) == ("bounced", "sent@shop.example")


def test_reasons_name_nobody() -> None:
    assert diagnosis("5.1.1", "<zoe@example.com>:\n no   such user") == "5.1.1 <…>: no such user"
    assert len(diagnosis("x" * 10_000)) == 300


ABOVE = "##- Please type your reply above this line -##"
FORWARDED = (
    "See below\n\n---------- Forwarded message ---------\nFrom: Ann <a@x.example>\nthe order"
)


# Words --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Hello\n\nOn Mon, 1 Jan 2026 at 10:00, Ann <a@x.example> wrote:\n> Hi", "Hello"),
        ("Hello\n\nOn Mon, 1 Jan 2026 at 10:00, Ann <a@x.example>\nwrote:\n\nHi", "Hello"),
        ("Merci\n\nLe lun. 1 janv. 2026 à 10:00, Ann <a@x.example> a écrit :\n> Bonjour", "Merci"),
        ("Danke\n\nAm 01.01.2026 um 10:00 schrieb Ann <a@x.example>:\n> Hallo", "Danke"),
        ("Gracias\n\nEl lun, 1 ene 2026, Ann (<a@x.example>) escribió:\n> Hola", "Gracias"),
        ("Hello\n\n-----Original Message-----\nFrom: Ann\n\nHi", "Hello"),
        (f"Hello\n{'_' * 32}\nDe : Ann <a@x.example>\nEnvoyé : lundi\nÀ : Zoé\nObjet : Lampe", "Hello"),
        ("Hello\n\nFrom: Ann <a@x.example>\nSent: Monday\nTo: Zoé\nSubject: Lamp\n\nHi", "Hello"),
        (f"{ABOVE}\nold", f"{ABOVE}\nold"),
        (f"Hello\n\n{ABOVE}\nold", "Hello"),
        ("> Is it on?\nYes.\n> And the bulb?\nNew.", "Yes.\nNew."),
        ("Hello\n-- \nZoé\n+33 6 00 00 00 00", "Hello"),
        ("> all of it", "> all of it"),
        ("My boss wrote:\nbuy it. So I did.", "My boss wrote:\nbuy it. So I did."),
        ("From: Paris\nI come to you.", "From: Paris\nI come to you."),
        (FORWARDED, FORWARDED),
        ("", ""),
    ],
)  # fmt: skip
def test_what_is_quoted_is_not_said(text: str, own: str) -> None:
    assert words(text) == own
    assert words(text.replace("\n", "\r\n")) == own


@pytest.mark.parametrize(
    ("markup", "own"),
    [
        ('<p>Hello</p><div class="gmail_quote"><p>On Monday Ann wrote</p></div>', "Hello"),
        ('<p>Hello</p><blockquote type="cite">Hi</blockquote>', "Hello"),
        ('Hello<br><div id="appendonsend"></div><hr>From: Ann', "Hello"),
        (
            '<div class="gmail_quote">Forwarded message<br>the order</div>',
            "Forwarded message\nthe order",
        ),
        ('<blockquote type="cite">all of it</blockquote>', "all of it"),
        ("<style>p {color: red}</style><p>Hello &amp; good&nbsp;bye</p>", "Hello & good bye"),
    ],
)
def test_what_is_quoted_in_html_is_not_said(markup: str, own: str) -> None:
    assert words("", markup) == own
    assert words(" \n", markup) == own


# Whatever comes -----------------------------------------------------------------------------------

LINES = st.sampled_from(
    ["From: a@b.example", "From: =?utf-8?q?=", "From: ((((", "Content-Type: multipart/mixed; boundary=b",
     "Content-Type: multipart/report; report-type=delivery-status; boundary=b", "--b", "--b--", "",
     "Content-Type: message/delivery-status", "Content-Type: message/rfc822", "Action: failed",
     "Content-Type: text/plain; charset=nonsense", "Content-Transfer-Encoding: base64", "%%%",
     "Content-Disposition: attachment; filename*=utf-8''%ff", "Date: yesterday", "Message-ID: <>",
     "References: <a@b> <", "> quoted", "On Monday, Ann wrote:", "From: Ann", "Sent: Monday"]
)  # fmt: skip


@examples(300)
@given(st.lists(LINES | st.text(max_size=8), max_size=14), st.sampled_from(["\n", "\r\n"]))
def test_no_mail_makes_it_raise(lines: list[str], ends: str) -> None:
    raw = ends.join(lines).encode("utf-8", "surrogatepass")
    found = told(read_mime(raw), NOW_MS)
    assert found.events or found.reason


def test_parts_nested_beyond_reading_are_said_to_be() -> None:
    depth = 2_000
    heads = "".join(
        f"--b{n}\nContent-Type: multipart/mixed; boundary=b{n + 1}\n\n" for n in range(depth)
    )
    raw = f"From: a@b.example\nContent-Type: multipart/mixed; boundary=b0\n\n{heads}".encode()
    with pytest.raises(ValueError, match=r"nested too deeply to be read\.$"):
        read_mime(raw)
