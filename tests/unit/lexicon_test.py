"""What the lexicon makes of customers' words, and what follows from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.common import Actor
from schemas.events import ConversationUpdated
from schemas.facts import ConversationAttached, SentimentAlerted
from streams.lexicon.reading import Lexicon, lexicon
from tests.story import answers, writes
from tests.world import MINUTE, World

read = lexicon().read


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Where is my parcel?", "delivery"),
        ("Où est mon colis ?", "delivery"),
        ("Je voudrais annuler ma commande", "cancellation"),
        ("I was charged twice, please send me a refund", ""),
        ("J'ai oublié mon MOT DE PASSE", "account"),
        ("Le wifi est en panne", "technical"),
        ("Hello, is anybody there?", ""),
        ("", ""),
    ],
)
def test_the_topic_is_that_of_its_words_if_they_are_of_one(text: str, topic: str) -> None:
    assert read(text).topic == topic


@pytest.mark.parametrize(
    ("text", "urgency"),
    [
        ("URGENT, my card was stolen", "high"),
        ("C'est une urgence", "high"),
        ("Rien d'urgent, merci", "low"),
        ("It is not urgent", "low"),
        ("Good morning", ""),
    ],
)
def test_urgency(text: str, urgency: str) -> None:
    assert read(text).urgency == urgency


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("This is unacceptable, I am furious!", -1, -0.7),
        ("C'est inadmissible, je contacte mon avocat", -1, -0.7),
        ("I'm not happy", -0.69, -0.01),
        ("Je ne suis pas content", -0.69, -0.01),
        ("Thanks, that works now", 0.01, 1),
        ("Merci beaucoup, parfait", 0.5, 1),
        ("Not bad", 0.01, 1),
    ],
)
def test_the_tone(text: str, low: float, high: float) -> None:
    tone = read(text).sentiment
    assert tone is not None and low <= tone <= high


def test_without_a_word_of_tone_there_is_none() -> None:
    assert read("Where is the shop?").sentiment is None


@given(st.text(max_size=3_000))
def test_any_text_is_read(text: str) -> None:
    tone = read(text).sentiment
    assert tone is None or -1 <= tone <= 1


@given(st.text(alphabet="abcdeéèÉ àç'", max_size=60))
def test_case_and_accents_make_no_difference(text: str) -> None:
    assert read(text) == read(text.upper().lower())


def test_a_stem_that_would_match_everything_is_refused() -> None:
    raw = {
        "version": "0", "negations": ["no*"], "good": {}, "bad": {}, "urgency": {},
        "topic": {"reason": {}, "thing": {}},
    }  # fmt: skip
    with pytest.raises(ValueError, match="4 letters"):
        Lexicon(raw)


# What follows from it ----------------------------------------------------------------------------


def test_a_very_bad_message_is_told_at_once_and_once() -> None:
    world = World()
    writes(world, personal={"text": "This is unacceptable, the worst service ever!"})
    assert world.one(SentimentAlerted).sentiment <= -0.7
    assert world.sent().count("sentiment.very_bad") == 1


def test_an_agents_words_and_a_vacation_notice_have_no_tone() -> None:
    world = World()
    writes(world, personal={"text": "Hello"})
    answers(world, personal={"text": "This delay is unacceptable, we are furious too"})
    writes(world, automated="auto_reply", personal={"text": "URGENT: write to my colleague"})
    assert world.asserted(SentimentAlerted) == []


def test_the_same_words_bring_two_channels_together_by_topic() -> None:
    world = World()
    writes(world, "whatsapp", personal={"text": "Where is my parcel?"})
    answers(world, "whatsapp", personal={"text": "We look."})
    world.wait(MINUTE)
    writes(world, "email", personal={"text": "Mon colis ?"})
    rules = [fact.rule for fact in world.asserted(ConversationAttached)]
    assert rules == ["new", "topic"]
    assert {fact.topic for fact in world.asserted(ConversationAttached)} == {"lexicon:delivery"}


def test_other_words_never_part_a_need() -> None:
    world = World()
    writes(world, "whatsapp", personal={"text": "Where is my parcel?"})
    writes(world, "email", personal={"text": "I want to cancel."})
    assert {fact.rule for fact in world.asserted(ConversationAttached)} == {"new", "waiting"}


def test_a_vendors_tag_and_a_models_answer_are_believed_before_the_lexicon() -> None:
    world = World()
    writes(world, personal={"text": "Where is my parcel?"})
    world.event(
        ConversationUpdated, conversation="chat-1", actor=Actor("system"), topic="lost goods",
        sentiment=-0.9, by_model="outside",
    )  # fmt: skip
    writes(world, personal={"text": "My parcel, please"})
    assert {fact.topic for fact in world.asserted(ConversationAttached)} == {"lost goods"}
    assert world.one(SentimentAlerted).sentiment == -0.9
