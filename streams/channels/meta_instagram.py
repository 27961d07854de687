"""Instagram: private messages, and what is said in public on an Instagram account.

The door is Meta's (`meta.py`), the shape of private messages stands in `meta_messaging.py`, that of
comments, mentions and the like in `meta_social.py`.  Anything but a 2xx is sent again, the whole
batch, for about a day and a half; then Meta may end the subscription.
"""

from __future__ import annotations

from streams.channels.about import About
from streams.channels.base import Parsed, Request, SourceConfig
from streams.channels.meta import MetaWebhook
from streams.channels.meta_messaging import read_meta


class MetaInstagram(MetaWebhook):
    """Option `bots`: the ids of the apps, with commas between them, in which a machine answers;
    in all others people do.
    """

    vendor = "meta_instagram"
    title = "Instagram"
    options = ("bots", "verify_token")
    about = About(
        gives=("messages", "receipts", "transfers", "self-care", "ratings"),
        identities={"instagram": ("asserted",)},
        transfer="pass_thread_control, take_thread_control, request_thread_control",
        lacks="which agent answered, resolution, queues, delivery receipts",
        retries="the whole batch, for about 36 hours",
    )

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        return read_meta(request, source, "instagram", "instagram", "an Instagram account")
