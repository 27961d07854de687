"""Settings: from file and environment, and every mistake a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.cli import main
from streams.settings import Settings, SettingsError
from streams.settings_file import load

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

SUBSCRIBER = """
[[subscriber]]
name = "crm"
url = "{url}"
domain = "acme"
secret = "whsec_Y2hhbmdlLW1lLWNoYW5nZS1tZS1jaGFuZ2UtbWU="
audiences = {audiences}
"""


def mistakes(text: str, folder: Path, **environment: str) -> str:
    (folder / "secret.txt").write_text("s3cret\n")
    (folder / "empty.txt").write_text("\n")
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
    "url",
    [
        "redis://h", "redis://h:1/3", "rediss://me:pass/word@h:1/0?ssl_ca_certs=/etc/ca.pem",
        "redis+sentinel://a:1,b/mymaster", "redis+sentinel://a:1,b:2/mymaster/3", "unix:///run/redis",
        "rediss+cluster://h:1/0?ssl_ca_certs=/etc/ca.pem&read_from_replicas=false",
    ],
)  # fmt: skip
def test_each_form_of_a_redis_url_is_taken(url: str) -> None:
    assert load(None, {"FILROUGE_REDIS_URL": url}).redis.url == url


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("FILROUGE_KAFKA_BOOTSTRAP_SERVERS", "did you mean FILROUGE_KAFKA_BOOTSTRAP?"),
        ("FILROUGE_REDIS_URI", "did you mean FILROUGE_REDIS_URL?"),
        ("FILROUGE_KEYSPACES", "did you mean FILROUGE_KEYSPACE?"),
        ("FILROUGE_SOURCE", "There is no setting FILROUGE_SOURCE"),
    ],
)
def test_a_variable_that_is_no_setting_is_a_mistake(
    name: str, sentence: str, tmp_path: Path
) -> None:
    assert sentence in mistakes(GOOD, tmp_path, **{name: "x"})


def test_what_kubernetes_says_of_services_is_no_setting() -> None:
    environment = {
        "FILROUGE_SERVICE_HOST": "10.0.0.1",
        "FILROUGE_PORT": "tcp://10.0.0.1:8080",
        "FILROUGE_GATEWAY_SERVICE_HOST": "10.0.0.1",
        "FILROUGE_GATEWAY_SERVICE_PORT_HTTP": "8080",
        "FILROUGE_GATEWAY_PORT": "tcp://10.0.0.1:8080",
        "FILROUGE_GATEWAY_PORT_8080_TCP_ADDR": "10.0.0.1",
        "FILROUGE_GATEWAY_PORT_8080_TCP": "tcp://10.0.0.1:8080",
    }
    assert load(None, environment) == Settings()
    assert load(None, environment | {"FILROUGE_GATEWAY_HOST": "0.0.0.0"}).gateway.port == 8080


def test_a_secret_that_cannot_be_read_is_one_mistake(tmp_path: Path) -> None:
    said = mistakes(GOOD.replace("secret.txt", "nowhere.txt"), tmp_path)
    assert said.count("\n") == 0 and "nowhere.txt" in said


def test_a_list_in_the_environment_is_separated_by_commas_and_may_be_empty() -> None:
    environment = {"FILROUGE_WORKER_STAGES": "journeys, deliver", "FILROUGE_CONSOLE_TOKENS": ""}
    settings = load(None, environment)
    assert settings.worker.stages == ("journeys", "deliver") and settings.console.tokens == ()


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
        (GOOD + "secrets = ['']", "Source 'chat' has an empty secret"),
        (GOOD.replace("secret.txt", "empty.txt"), "Source 'chat' has an empty secret"),
        (GOOD.replace("secret.txt", "."), "cannot be read: Is a directory."),
        (GOOD.replace('name = "chat"', 'name = ""'), "A [[source]] has no name."),
        (GOOD + "[console]\ntokens = ['a', '']", "console.tokens holds an empty token"),
        (GOOD + "[[token]]\nname = 'wall'", "Token 'wall' has an empty secret"),
        (GOOD + "[[token]]\nname = 'console'", "Token 'console' has an empty secret"),
        (
            GOOD + "[console]\ntokens = ['a']\n[[token]]\nname = 'console'\nsecret = 'a'",
            "Tokens 'console.tokens' and 'console' have one secret",
        ),
        (GOOD + "[[token]]\nname = 'wall'\nsecret = 'a'\nmay = []", "Token 'wall' may do nothing"),
        (
            GOOD + "[[token]]\nname = 'wall'\nsecret = 'a'\nmay = ['sing']",
            "one of figures, customers",
        ),
        (GOOD + "[[token]]\nname = 'wall'\nsecret = 'a'\ndomain = 'acne'", "has no [[domain]]"),
        (
            GOOD + "[[token]]\nname = 'wall'\nsecret = 'a'\n[[token]]\nname = 'desk'\nsecret = 'a'",
            "Tokens 'wall' and 'desk' have one secret",
        ),
        (
            GOOD + "[[token]]\nname = 'wall'\nsecret_file = 'nowhere.txt'",
            "The secret file nowhere.txt of token wall cannot be read",
        ),
        (GOOD + "[topics]\nevents = 'a b'", "topics.events must be letters"),
        (GOOD + "[topics]\nevents = 'webhooks'", "topics.events and topics.webhooks are both"),
        (GOOD + "[worker]\nstages = []", "at least one stage, and each once"),
        (GOOD + "[worker]\nstages = ['deliver', 'deliver']", "at least one stage, and each once"),
        ("keyspace = ''\n" + GOOD, "keyspace must be a name"),
        ("keyspace = '{a}'\n" + GOOD, "keyspace must be a name"),
        (
            GOOD + SUBSCRIBER.format(url="crm.example.com", audiences="['agent']"),
            "url must be such as",
        ),
        (GOOD + SUBSCRIBER.format(url="https://x", audiences="['agents']"), "not 'agents'"),
        (GOOD + SUBSCRIBER.format(url="https://x", audiences="[]"), "not 'none'"),
        (
            GOOD + "[kafka]\nsecurity_protocol = 'SASL_SSL'\nsasl_mechanism = 'scram'",
            "one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, not 'scram'",
        ),
        (
            GOOD + "[kafka]\nsecurity_protocol = 'SASL_SSL'\nsasl_mechanism = 'PLAIN'",
            "needs kafka.sasl_username",
        ),
        (GOOD + "[redis]\nurl = 'localhost:6379'", "'localhost:6379' is not"),
        (GOOD + "[redis]\nurl = 'redis://h:1/main'", "number of a database"),
        (GOOD + "[redis]\nurl = 'redis+sentinel://h:1/'", "names no service"),
        (GOOD + "[redis]\nurl = 'redis+sentinel://h:1/mymaster/x'", "number of a database"),
        (GOOD + "[redis]\nurl = 'redis://h:1/0?colour=1'", "unexpected keyword argument 'colour'"),
        (
            GOOD + "[redis]\nurl = 'redis://h/0?socket_timeout=x'",
            "Invalid value for 'socket_timeout'",
        ),
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


NAMED = """
[[domain]]
name = "acme"
key = "0123456789abcdef"
[[domain]]
name = "other"
key = "0123456789abcdef"
[[source]]
name = "chatwoot"
vendor = "chatwoot"
domain = "acme"
{options}
[[source]]
name = "twilio"
vendor = "twilio"
domain = "{domain}"
"""


def _told(tmp_path: Path, text: str, options: str = "", domain: str = "acme") -> Settings:
    file = tmp_path / "filrouge.toml"
    file.write_text(NAMED.format(options=options, domain=domain) + text)
    return load(str(file), {})


def test_agents_teams_and_queues_have_one_name_for_all_sources(tmp_path: Path) -> None:
    settings = _told(
        tmp_path,
        '[[agent]]\nname = "zoe"\nknown_as = { chatwoot = "501", twilio = ["WK1", "WK2"] }\n'
        '[[queue]]\nname = "billing"\nknown_as = { twilio = "Q1" }\n',
    )
    assert settings.named("agent") == {
        ("chatwoot", "501"): "zoe", ("twilio", "WK1"): "zoe", ("twilio", "WK2"): "zoe",
    }  # fmt: skip
    assert settings.named("queue") == {("twilio", "Q1"): "billing"}
    assert settings.named("team") == {}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            '[[agent]]\nname = "zoe"\nknown_as = { chatwot = "501" }',
            "[[agent]] 'zoe' is known as '501' at 'chatwot', which is no [[source]].",
        ),
        (
            '[[team]]\nname = "a"\nknown_as.chatwoot = "1"\n[[team]]\nname = "b"\nknown_as.chatwoot = "1"',
            "'1' of 'chatwoot' stands at two of [[team]]: 'a' and 'b'.",
        ),
        ('[[queue]]\nname = "a"', "[[queue]] number 1 needs 'known_as'."),
        (
            '[[agent]]\nname = "zoe"\nknown_as = { chatwoot = 501 }',
            "'known_as' in [[agent]] number 1 must be a table of texts, not {'chatwoot': 501}.",
        ),
    ],
)
def test_names_that_cannot_be_meant_get_a_sentence(
    tmp_path: Path, text: str, sentence: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        _told(tmp_path, text)
    assert refused.value.mistakes == [sentence]


@pytest.mark.parametrize(
    ("carrier", "domain", "sentence"),
    [
        ("twilo", "acme", "Source 'chatwoot' is carried_by 'twilo', which is no [[source]]."),
        ("chatwoot", "acme", "Source 'chatwoot' is carried_by itself."),
        (
            "twilio", "other",
            "Source 'chatwoot' is carried_by 'twilio', which belongs to another domain.",
        ),
    ],
)  # fmt: skip
def test_a_carrier_must_be_another_source_of_the_domain(
    tmp_path: Path, carrier: str, domain: str, sentence: str
) -> None:
    options = f'options = {{ carried_by = "{carrier}" }}'
    with pytest.raises(SettingsError) as refused:
        _told(tmp_path, "", options, domain)
    assert refused.value.mistakes == [sentence]
