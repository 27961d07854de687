"""A mail read by splitting it is the mail that the standard library reads."""

from __future__ import annotations

from datetime import UTC
from email.parser import BytesParser
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.channels import times
from streams.channels.mail_parts import UnusualError, of_message, usual

LINE = st.sampled_from(
    ["", " ", "Bonjour,", "Où est mon colis ?", "--", "--b", "--b--", "--bb", "> cited", "a: b",
     "From me", "=C3=A9 =", "soft=\r\nbreak", "\tindented", "é".encode().decode("latin-1"), "x" * 90]
)  # fmt: skip
TYPES = st.sampled_from(
    ["text/plain", "text/html", "text/plain; charset=utf-8", 'TEXT/Plain; charset="iso-8859-1"',
     "text/plain;\r\n charset=nowhere; format=flowed", "text/calendar; method=REQUEST", "image/png",
     'image/png; name="a photo.png"', "application/pdf; name*=utf-8''%C3%A9.pdf", "text", "",
     'text/plain; name="<x>"', 'text/plain; name="a\\"b.txt"', "text/plain; name=b.txt;", "a/b/c",
     "text/html ; charset=utf-8", "message/rfc822", "text/plain; charset=utf-8; charset=ascii",
     "text/plain; charset", "text/plain; = ; x=y", "text/plain (a comment); charset=utf-8"]
)  # fmt: skip
PLACED = st.sampled_from(
    ["inline", "attachment", 'attachment; filename="notes.txt"', "attachment; filename=a b.txt",
     "attachment; filename*0=a; filename*1=b", 'inline; filename=""', "ATTACHMENT", "",
     'attachment; filename="=?utf-8?q?=C3=A9?="', 'attachment;\r\n\tfilename="  padded "']
)  # fmt: skip
ENCODINGS = st.sampled_from(
    ["7bit", "8bit", "quoted-printable", "Quoted-Printable", "base64", "BASE64", "base64 ", "x-uuencode", ""]
)  # fmt: skip
OTHERS = st.sampled_from(
    ["Subject: Hi", "Subject: =?utf-8?q?Caf=C3=A9?=", "References: <a@x>\r\n <b@x>", "X-Empty:",
     "To: a@x, b@x", "Received: by x\r\n\tfor y", "Subject: \xe9t\xe9", "Broken header", "X : spaced",
     "MIME-Version: 1.0", ">From x", "X-Folded: a\r\n \r\n b"]
)  # fmt: skip


@st.composite
def part(draw: st.DrawFn, depth: int = 0) -> str:
    """Headers and body of a mail, or of a part of one; lines end with CRLF."""
    lines = draw(st.lists(OTHERS, max_size=3))
    if depth < 3 and draw(st.integers(0, 2)) == 0:
        boundary = draw(st.sampled_from(["b", "bb", "b b", "a.long=boundary_1"]))
        kind = draw(st.sampled_from(["alternative", "mixed", "related", "report", "digest"]))
        lines.append(f'Content-Type: multipart/{kind}; boundary="{boundary}"')
        parts = draw(st.lists(part(depth + 1), min_size=0, max_size=3))
        body = draw(st.sampled_from(["", "This is MIME.\r\n"]))
        for inner in parts:
            body += f"--{boundary}{draw(st.sampled_from(['', '', ' ']))}\r\n{inner}\r\n"
        body += draw(st.sampled_from([f"--{boundary}--", f"--{boundary}--\r\nafter it\r\n", ""]))
    else:
        for name, values in (
            ("Content-Type", TYPES),
            ("Content-Disposition", PLACED),
            ("Content-Transfer-Encoding", ENCODINGS),
        ):
            if draw(st.booleans()):
                lines.append(f"{name}: {draw(values)}")
        said = draw(st.lists(LINE, max_size=4))
        body = "\r\n".join(said)
        if draw(st.integers(0, 3)) == 0:
            body = draw(st.sampled_from(["Qm9uam91cg==", "Qm9uam91cg", "Qm9\r\nuam91cg==", "****"]))
    return "\r\n".join([*lines, "", body])


@st.composite
def mails(draw: st.DrawFn) -> bytes:
    raw = draw(part()).encode("latin-1", "replace")
    if draw(st.booleans()):
        raw = raw.replace(b"\r\n", b"\n")
    if draw(st.integers(0, 3)) == 0:
        at = draw(st.integers(0, len(raw)))
        piece = draw(
            st.sampled_from([b"\r", b"\n", b" ", b"\x00", b"\xff", b"\n\n", b'"', b";", b"--b"])
        )
        raw = raw[:at] + piece + raw[at + draw(st.integers(0, 2)) :]
    return raw  # fmt: skip


SIMPLE = (
    b"Subject: Hi\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello,\r\n\r\nit is me.\r\n"
)
MIXED = (
    b'From: Zoe <zoe@example.com>\nContent-Type: multipart/mixed;\n boundary="b"\n\nfor old readers\n'
    b"--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\nplain\n--c\n"
    b"Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n<p>caf=C3=A9</p>\n--c--\n"
    b'--b\nContent-Type: image/png; name="p.png"\nContent-Transfer-Encoding: base64\n\niVBO\n--b--\n'
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(mails())
@example(SIMPLE)
@example(MIXED)
def test_both_ways_give_the_same(raw: bytes) -> None:
    try:
        pairs, leaves = usual(raw)
    except UnusualError:
        return
    message = BytesParser().parsebytes(raw)
    assert pairs == [(name, str(value)) for name, value in message.raw_items()]
    assert leaves == of_message(message)
    assert message.get_content_type() != "multipart/report", "a report is the library's to read"


@pytest.mark.parametrize("raw", [SIMPLE, MIXED, MIXED.replace(b"\n", b"\r\n")])
def test_a_usual_mail_needs_no_library(raw: bytes) -> None:
    """Else the test above would try nothing."""
    _, leaves = usual(raw)
    assert leaves


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["Mon, ", "", "mon, "]), st.integers(0, 32), st.sampled_from(["Jan", "Sep", "XYZ"]),
    st.sampled_from([1969, 1970, 2026, 9999]), st.integers(0, 24), st.integers(0, 60),
    st.sampled_from(["+0000", "-0000", "+0530", "-2359", "+2400", "+1260", "GMT", "(CET)", "+02:00"]),
)  # fmt: skip
def test_a_mails_date_is_the_one_that_the_library_reads(
    weekday: str, day: int, month: str, year: int, hour: int, second: int, zone: str
) -> None:
    said = f"{weekday}{day} {month} {year} {hour:02}:30:{second:02} {zone}"
    try:
        read = parsedate_to_datetime(said)
        expected = round((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp() * 1_000)
    except (ValueError, OverflowError):
        expected = 0
    found = times.mail(said)
    assert found == expected if expected >= 365 * 86_400_000 else found is None
