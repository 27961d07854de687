"""Contacts from a CSV file: what each row says, and why a row says nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.admin.contacts import Row, columns_of, rows
from streams.admin.topics import AdminError
from streams.cli import main
from streams.identity.identifiers import Writing

FRENCH = Writing("FR")


def read(folder: Path, text: str, writing: Writing = FRENCH, *columns: str) -> list[Row]:
    file = folder / "contacts.csv"
    file.write_text(text, encoding="utf-8")
    return list(rows(file, "acme", 1, writing, columns_of(columns)))


def said(row: Row) -> tuple[str, list[str]]:
    assert row.event is not None
    assert {one.trust for one in row.event.identifiers} == {"curated"}
    return row.event.rel, [f"{one.kind}={one.value}" for one in row.event.identifiers]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_row_with_a_contacts_id_is_all_that_the_contact_has(
    tmp_path: Path, delimiter: str
) -> None:
    text = "Name;Telephone;E-mail;CRM\nAda;06 12 34 56 78|01 42 68 53 00;Ada@Example.com;7\n"
    [row] = read(tmp_path, "\ufeff" + text.replace(";", delimiter))
    assert said(row) == (
        "contact",
        ["crm=7", "phone=+33612345678", "phone=+33142685300", "email=ada@example.com"],
    )


def test_without_an_id_a_row_says_that_its_identifiers_are_one_persons(tmp_path: Path) -> None:
    [row] = read(tmp_path, "phone,email\n0612345678,ada@example.com\n")
    assert said(row) == ("same", ["phone=+33612345678", "email=ada@example.com"])


def test_a_slip_of_the_pen_takes_nothing_away_from_the_contact(tmp_path: Path) -> None:
    [row] = read(tmp_path, "crm,phone,email\n7,12,ada@example.com\n")
    assert said(row)[0] == "same"
    assert row.problems == ("Line 2: '12' is no phone.",)


def test_columns_can_be_named(tmp_path: Path) -> None:
    [row] = read(tmp_path, "N°,Portable\n7,0612345678\n", FRENCH, "N°=crm", "Portable=phone")
    assert said(row) == ("contact", ["crm=7", "phone=+33612345678"])


def test_the_same_row_is_the_same_event(tmp_path: Path) -> None:
    text = "crm,phone\n7,0612345678\n7,06 12 34 56 78\n"
    [first] = read(tmp_path, text)
    assert said(first) == ("contact", ["crm=7", "phone=+33612345678"])
    [later] = read(tmp_path, text)
    assert first.event == later.event


def test_the_rows_of_one_contact_say_together_what_he_has(tmp_path: Path) -> None:
    """A row a number, as many a CRM has it: no row takes away what another one gives."""
    text = "crm,phone\n7,0612345678\n8,0612345679\n7,0142685300\n"
    ada, bo = read(tmp_path, text)
    assert said(ada) == ("contact", ["crm=7", "phone=+33612345678", "phone=+33142685300"])
    assert said(bo) == ("contact", ["crm=8", "phone=+33612345679"])
    [doubtful] = read(tmp_path, "crm,phone\n7,0612345678\n7,12\n")
    assert said(doubtful)[0] == "same"


ACCENTS = "crm;prénom;phone\r\n7;Zoé;0612345678\r\n"


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (ACCENTS.encode(), ""),
        (ACCENTS.encode("utf-8-sig"), ""),
        (ACCENTS.encode("utf-16"), ""),
        (ACCENTS.encode("cp1252"), "cp1252"),
        (b"sep=;\r\n" + ACCENTS.encode(), ""),
        (b'"name, first, last";phone;crm\n"a";0612345678;7\n', ""),
    ],
)
def test_a_file_is_read_as_spreadsheets_save_it(tmp_path: Path, raw: bytes, encoding: str) -> None:
    (tmp_path / "f.csv").write_bytes(raw)
    [row] = rows(tmp_path / "f.csv", "acme", 1, FRENCH, {}, encoding)
    assert said(row) == ("contact", ["crm=7", "phone=+33612345678"])


@pytest.mark.parametrize(
    ("encoding", "sentence"),
    [
        ("", r"in UTF-8 \(line 1001\)\. Say which encoding"),
        ("ascii", r"in ascii \(line 1001\)"),
        ("klingon", "There is no encoding 'klingon'"),
    ],
)
def test_of_a_file_that_breaks_off_nothing_is_given(
    tmp_path: Path, encoding: str, sentence: str
) -> None:
    good = "".join(f"{number},a{number}@example.org\n" for number in range(999))
    (tmp_path / "f.csv").write_bytes(b"crm,email\n" + good.encode() + b"x,Zo\xe9@example.org\n")
    with pytest.raises(AdminError, match=sentence):
        rows(tmp_path / "f.csv", "acme", 1, FRENCH, {}, encoding)


def test_a_row_with_a_cell_too_many_is_refused(tmp_path: Path) -> None:
    text = "name,crm,phone\nByron, Ada,7,0612345678\nAda,7,0612345678,,\n"
    shifted, good = read(tmp_path, text)
    assert shifted.event is None
    assert shifted.problems[0].startswith("Line 2: 4 cells under 3 headings")
    assert said(good)[0] == "contact"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("phone\n0612345678\n", "Line 2: fewer than two identifiers"),
        ("crm,phone\n,0612345678\n", "Line 2: fewer than two identifiers"),
    ],
)
def test_a_row_that_links_nothing_is_refused_with_its_line(
    tmp_path: Path, text: str, sentence: str
) -> None:
    [row] = read(tmp_path, text)
    assert row.event is None and row.problems[-1].startswith(sentence)


@pytest.mark.parametrize(
    ("text", "columns", "sentence"),
    [
        ("", (), "is empty"),
        ("name,city\nAda,Paris\n", (), "no column of identifiers"),
        ("name,city\nAda,Paris\n", ("Tel=phone",), "no column 'Tel'"),
        ("name,city\nAda,Paris\n", ("Tel",), "must be NAME=KIND"),
    ],
)
def test_a_file_that_is_no_table_of_contacts_gets_a_sentence(
    tmp_path: Path, text: str, columns: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(AdminError, match=sentence):
        read(tmp_path, text, FRENCH, *columns)


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(tmp_path: Path) -> None:
    settings = tmp_path / "filrouge.toml"
    settings.write_text('[[domain]]\nname = "acme"\nkey = "a key for the tests only"\n')
    file = tmp_path / "contacts.csv"
    file.write_text("crm,phone\n7,0612345678\n8,0612345679\n,x\n")
    command = ["--settings", str(settings), "import", "contacts", "--dry-run", "--region", "fr"]
    answer = CliRunner().invoke(main, [*command, str(file)])
    assert answer.exit_code == 0, answer.output
    assert "2 contacts would be sent, 1 rows refused." in answer.output
