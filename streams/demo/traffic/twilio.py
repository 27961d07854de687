"""Twilio: form bodies, signed with the full URL and the sorted parameters."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import urlencode

from streams.demo.traffic.call import Call, Person

OUR_NUMBER = "+15550100800"


class Messages:
    """SMS on one number; `url` is the public URL that Twilio was given."""

    def __init__(self, source: str, secret: str, url: str) -> None:
        self._source = source
        self._secret = secret
        self._url = url

    def sms(self, who: Person, ident: str, text: str) -> Call:
        """A text by the customer; Twilio's messages carry no time."""
        return self._signed(
            {
                "MessageSid": f"SM{ident}",
                "SmsStatus": "received",
                "From": who.phone,
                "To": OUR_NUMBER,
                "Body": text,
                "NumMedia": "0",
            }
        )

    def status(self, who: Person, ident: str, state: str) -> Call:
        """A receipt of a message of ours."""
        return self._signed(
            {
                "MessageSid": f"SM{ident}",
                "MessageStatus": state,
                "From": OUR_NUMBER,
                "To": who.phone,
            }
        )

    def _signed(self, form: dict[str, str]) -> Call:
        text = self._url + "".join(key + form[key] for key in sorted(form))
        digest = hmac.new(self._secret.encode(), text.encode(), hashlib.sha1).digest()
        return Call(
            self._source,
            urlencode(form).encode(),
            {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Twilio-Signature": base64.b64encode(digest).decode(),
            },
        )
