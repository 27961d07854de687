"""The texts, in English and French; names in braces are the variables of `decide.variables`."""

from __future__ import annotations

from collections.abc import Mapping

from streams.notifications.spoken import spoken

VERSION = 1

TEXTS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "switch.customer": {
        "en": ("We have your story", "You were on {from_channel}; we have what you told us there. No need to repeat it."),
        "fr": ("Nous avons votre dossier", "Nous avons ce que vous avez dit sur le canal précédent ({from_channel}) : inutile de le répéter."),
    },
    "switch.agent": {
        "en": ("Customer came from {from_channel}", "The customer goes on with the same need on {channel}, after {from_channel} ({cause}). Journey {journey}."),
        "fr": ("Changement de canal ({from_channel})", "Le client poursuit la même demande ; avant : {from_channel}, maintenant : {channel} ({cause}). Parcours {journey}."),
    },
    "transfer.customer": {
        "en": ("You are being passed on", "A colleague takes over with all that you have told us. Please stay with us."),
        "fr": ("Vous êtes transféré", "Un collègue prend la suite avec tout ce que vous avez déjà dit. Restez avec nous."),
    },
    "transfer.agent": {
        "en": ("A conversation comes to you", "It was with {from_party}. Journey {journey} has what was said."),
        "fr": ("Une conversation vous arrive", "Elle était chez {from_party}. Le parcours {journey} contient les échanges."),
    },
    "transfer.failed": {
        "en": ("A transfer went wrong", "From {from_party} to {to_party}: {outcome}. Journey {journey}."),
        "fr": ("Un transfert a échoué", "De {from_party} à {to_party} : {outcome}. Parcours {journey}."),
    },
    "reply.waiting": {
        "en": ("We have not forgotten you", "Your message is with us; an answer is on its way."),
        "fr": ("Nous ne vous oublions pas", "Votre message est bien arrivé ; une réponse se prépare."),
    },
    "sla.at_risk": {
        "en": ("A reply is nearly due", "A customer waits on {channel}; the promise ends at {due}. Journey {journey}."),
        "fr": ("Une réponse est presque due", "Un client attend sur {channel} ; l'engagement court jusqu'à {due}. Parcours {journey}."),
    },
    "sla.breached": {
        "en": ("A promise was broken", "{clock} on {channel} was due at {due}. Journey {journey}."),
        "fr": ("Un engagement est rompu", "{clock} sur {channel} était dû à {due}. Parcours {journey}."),
    },
    "queue.abandoned": {
        "en": ("Sorry that you had to wait", "We saw that you hung up. Shall we call you back?"),
        "fr": ("Désolés pour l'attente", "Vous avez raccroché avant de nous joindre. Souhaitez-vous être rappelé ?"),
    },
    "task.abandoned": {
        "en": ("Pick up where you stopped", "Your {task} stopped at {step}; it is still there."),
        "fr": ("Reprenez où vous en étiez", "Votre {task} s'est arrêté à {step} ; tout est conservé."),
    },
    "survey": {
        "en": ("How did we do?", "Your request was closed. How easy was it, from 1 (easy) to 7?"),
        "fr": ("Votre avis compte", "Votre demande est close. Était-ce facile, de 1 (facile) à 7 ?"),
    },
    "feedback.very_bad": {
        "en": ("A very bad score", "{instrument} {score} on {channel}. Journey {journey}."),
        "fr": ("Une très mauvaise note", "{instrument} {score} sur {channel}. Parcours {journey}."),
    },
    "sentiment.very_bad": {
        "en": ("A very unhappy customer", "A message on {channel} is very negative. Journey {journey}."),
        "fr": ("Un client très mécontent", "Un message sur {channel} est très négatif. Parcours {journey}."),
    },
    "kpi.off_target": {
        "en": ("A figure left its target", "{kpi} is {value}, its target {target}."),
        "fr": ("Un indicateur hors cible", "{kpi} vaut {value} pour une cible de {target}."),
    },
}  # fmt: skip


def rendered(template: str, locale: str, variables: Mapping[str, str]) -> tuple[str, str]:
    """Title and body; another language than ours gets the English text.  Channels are named as
    people name them.
    """
    texts, language = TEXTS[template], locale[:2].lower()
    title, body = texts.get(language, texts["en"])
    channels = {
        name: spoken(variables.get(name, ""), language) for name in ("channel", "from_channel")
    }
    values = {**variables, **channels}
    return title.format_map(values), body.format_map(values)
