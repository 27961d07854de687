"""What the writer of a mail says himself: without what he quotes, without his signature.

A cut that would leave nothing is not made: a mail may consist of what it forwards.  Every pattern
looks at one line, so that no mail can make it slow.
"""

from __future__ import annotations

import re

from streams.channels.body import plain

_WROTE = re.compile(
    r"(?i)(?:\bwrote|\bwrites|\ba écrit|\bschrieb(?:\s.{0,120})?|\bescribió|\bha scritto|\bschreef"
    r"(?:\s.{0,120})?|\bescreveu|\bnapisał(?:\(a\))?|\bskrev|\bkirjoitti)\s*:\s*$"
)
_OPENS = re.compile(
    r"(?i)^\s*(?:on|le|am|el|il|op|em|w dniu|den|\d{1,4}[-./]\d{1,2}[-./]\d{1,4})\b"
)
_ORIGINAL = re.compile(
    r"(?i)^\s*-{2,}\s*(?:original message|message d['’]origine|message original|"
    r"ursprüngliche nachricht|mensaje original|messaggio originale|mensagem original|"
    r"oorspronkelijk bericht|oprindelig meddelelse|ursprungligt meddelande)\s*-{2,}\s*$"
)
_REPLY_ABOVE = re.compile(
    r"(?i)^\W+(?:please type your reply above this line|reply above this line|"
    r"veuillez répondre au-dessus de cette ligne|répondre au-dessus de cette ligne|"
    r"bitte antworten sie oberhalb dieser zeile)\W*$"
)
_HEAD_FROM = re.compile(r"(?i)^\s*\*?(?:from|de|von|da|van|från|fra)\s?\*?:\*?\s.*[@\w]")
_HEAD_REST = re.compile(
    r"(?i)^\s*\*?(?:sent|date|to|subject|envoyé|à|objet|gesendet|datum|an|betreff|enviado|para|"
    r"asunto|inviato|a|oggetto|verzonden|aan|onderwerp|skickat|till|ämne|sendt|til|emne)\s?\*?:"
)
_SIGNATURE = re.compile(r"^--\s?$")
_ATTRIBUTION_LINES = 4
_MARKS = frozenset("-#=*_ ")
"""A line that ends what is said has a colon, or begins with one of these."""

_QUOTED_HTML = re.compile(
    r"""(?i)<(?:div|blockquote|section|table|hr|span|p)\b[^<>]{0,300}?(?:"""
    r"""class\s*=\s*["']?(?:gmail_quote|gmail_extra|yahoo_quoted|moz-cite-prefix|protonmail_quote|"""
    r"""tutanota_quote|zmail_extra)|id\s*=\s*["']?(?:appendonsend|divrplyfwdmsg|x_divrplyfwdmsg|"""
    r"""mail-editor-reference-message-container|olk_src_body_section|isforwardcontent)|"""
    r"""type\s*=\s*["']?cite)"""
)
_FORWARDED = re.compile(r"(?i)forwarded message|message transféré|weitergeleitete nachricht|"
                        r"mensaje reenviado|messaggio inoltrato|doorgestuurd bericht")  # fmt: skip


def words(text: str, markup: str = "") -> str:
    """The writer's own words, from the plain text, else from the HTML."""
    if not text.strip():
        return own(unquoted(markup))
    return own(text)


def own(text: str) -> str:
    """Without quoted lines, what stands under an attribution, and the signature."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    lines = text.split("\n")
    kept = lines[: _cut(lines)]
    said = "\n".join(line for line in kept if not line.startswith(">")).strip()
    return said or text


def unquoted(markup: str) -> str:
    """The words of a mail's HTML without what its program marks as quoted."""
    quoted = _QUOTED_HTML.search(markup)
    if quoted is None or _FORWARDED.search(markup, quoted.start(), quoted.start() + 2_000):
        return plain(markup)
    return plain(markup[: quoted.start()]) or plain(markup)


def _cut(lines: list[str]) -> int:
    """The first line that is not the writer's."""
    for n, line in enumerate(lines):
        if ":" not in line and line[:1] not in _MARKS:
            continue
        if _ORIGINAL.match(line) or _REPLY_ABOVE.match(line) or _SIGNATURE.match(line):
            return n
        if _HEAD_FROM.match(line) and _heads_a_quote(lines, n):
            return n - 1 if n and re.fullmatch(r"\s*_{10,}\s*", lines[n - 1]) else n
        if _WROTE.search(line[-200:]) and (start := _attribution(lines, n)) is not None:
            return start
    return len(lines)


def _heads_a_quote(lines: list[str], n: int) -> bool:
    """`From:` with two more such lines after it: Outlook's way to quote."""
    near = [line for line in lines[n + 1 : n + 8] if line.strip()][:4]
    return sum(1 for line in near if _HEAD_REST.match(line)) >= 2


def _attribution(lines: list[str], n: int) -> int | None:
    """Where "On … wrote:" begins; it may be broken over a few lines."""
    for start in range(n, max(-1, n - _ATTRIBUTION_LINES), -1):
        if not lines[start].strip():
            break
        if _OPENS.match(lines[start].lstrip("> ")):
            return start
    following = [line for line in lines[n + 1 : n + 4] if line.strip()]
    return n if following and following[0].startswith(">") else None
