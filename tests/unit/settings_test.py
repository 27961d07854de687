"""Settings: from file and environment, and every mistake a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.cli import main
from streams.settings import SettingsError, load

ROOT = Path(__file__).resolve().parents[2]
GOOD = """
[[domain]]
name = "acme"
key = "sixteen characters and more"
[[source]]
name = "chat"
vendor = "chatwoot"
domain = "acme"
secret_files = ["secret.txt"]
"""


def mistakes(text: str, folder: Path, **environment: str) -> str:
    (folder / "secret.txt").write_text("s3cret\n")
    file = folder / "filrouge.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as error:
        load(str(file), environment)
    return "\n".join(error.value.mistakes)


def test_a_good_file_is_read_with_its_secrets(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("s3cret\n")
    (tmp_path / "f.toml").write_text(GOOD)
    settings = load(str(tmp_path / "f.toml"), {"FILROUGE_KAFKA_BOOTSTRAP": "k:1"})
    assert settings.source[0].secrets == ("s3cret",)
    assert settings.kafka.bootstrap == "k:1"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (GOOD + "[kafka]\nbootstraps = 'x'", "did you mean 'bootstrap'?"),
        (
            GOOD + "[kafka]\nreplication = 'three'",
            "'replication' in [kafka] must be a whole number",
        ),
        (GOOD + "[worker]\nstages = ['sing']", "one of normalise, journeys, deliver"),
        (GOOD + "[kafka]\nmin_insync = 2", "no write could ever succeed"),
        (GOOD.replace("chatwoot", "chatwood"), "unknown vendor 'chatwood'"),
        (GOOD.replace("sixteen characters and more", "short"), "16 characters"),
        (GOOD.replace('domain = "acme"', 'domain = "acne"'), "has no [[domain]]"),
        (GOOD.replace("secret.txt", "nowhere.txt"), "cannot be read"),
        (GOOD + GOOD.replace("[[source]]", "[[source]]"), "names must differ"),
        (GOOD + "[[subscriber]]\nname='a'\nurl='http://x'\ndomain='acme'\nsecret='x'", "whsec_"),
        (GOOD + "[[source]]\nname = 'x'", "needs 'vendor'"),
        ("keyspace = [", "is not TOML"),
    ],
)
def test_each_mistake_is_a_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    assert sentence in mistakes(text, tmp_path)


def test_several_mistakes_are_told_at_once(tmp_path: Path) -> None:
    told = mistakes("colour = 1\n[kafka]\nreplication = 'x'\n[redis]\nurls = ''", tmp_path)
    assert len(told.splitlines()) == 3


def test_the_command_line_says_them_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "f.toml").write_text("colour = 1")
    done = CliRunner().invoke(main, ["--settings", str(tmp_path / "f.toml"), "gateway"])
    assert done.exit_code == 2
    assert "There is no setting 'colour'" in done.output and "Traceback" not in done.output


def test_the_example_file_is_valid() -> None:
    settings = load(str(ROOT / "deploy" / "filrouge.example.toml"), {})
    assert {source.vendor for source in settings.source} == {
        "aircall", "chatwoot", "cloudevents", "meta_whatsapp", "twilio", "zendesk",
    }  # fmt: skip
