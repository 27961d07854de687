"""Dead letters of the folds: the original value and headers, and why."""

from __future__ import annotations

from streams.fold import POSITION_HEADER, Count, Publish, Record, View


def dead_letter(view: View, record: Record, code: str, sentence: str, stage: str) -> None:
    """Keeps a record that cannot be used; `filrouge dead-letters` shows it and sends it again."""
    view.emit(Count("dead_letters_total", (code,)))
    headers = (
        *(header for header in record.headers if header[0] != POSITION_HEADER),
        ("dead-reason", code.encode()),
        ("dead-sentence", sentence.encode("utf-8", "replace")),
        ("dead-stage", stage.encode()),
        ("dead-topic", record.topic.encode()),
        ("dead-partition", str(record.partition).encode()),
        ("dead-offset", str(record.offset).encode()),
    )
    key = (record.key or b"").decode("utf-8", "replace")
    view.emit(Publish("dead-letters", key, record.value or b"", headers))
