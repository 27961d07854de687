"""Settings to what each Kafka client wants: TLS and SASL are said once."""

from __future__ import annotations

import ssl
from typing import Any

from streams.settings import Kafka

RECORD_BYTES = 4_194_304
"""The largest record of any topic: a body of the gateway's largest size with its headers, and the
event made of it, whose text may be escaped.  Kafka's own default is 1 MB.
"""

PATIENCE_MS = 8_000
"""For the first answer to a command: somebody sits in front of it and waits."""


def librdkafka(kafka: Kafka) -> dict[str, Any]:
    """For confluent-kafka."""
    config: dict[str, Any] = {
        "bootstrap.servers": kafka.bootstrap,
        "security.protocol": kafka.security_protocol,
        # What goes wrong is told by our own sentences.
        "log_level": 0,
        # A broker that comes back is found within a second, not within librdkafka's ten.
        "reconnect.backoff.max.ms": 1_000,
    }
    named = {
        "ssl.ca.location": kafka.ssl_ca_file,
        "ssl.certificate.location": kafka.ssl_cert_file,
        "ssl.key.location": kafka.ssl_key_file,
        "sasl.mechanism": kafka.sasl_mechanism,
        "sasl.username": kafka.sasl_username,
        "sasl.password": kafka.sasl_password,
    }
    return config | {name: value for name, value in named.items() if value}


def kafka_python(kafka: Kafka) -> dict[str, Any]:
    """For kafka-python (administration)."""
    config: dict[str, Any] = {
        "bootstrap_servers": kafka.bootstrap.split(","),
        "bootstrap_timeout_ms": PATIENCE_MS,
        "security_protocol": kafka.security_protocol,
    }
    named = {
        "ssl_cafile": kafka.ssl_ca_file,
        "ssl_certfile": kafka.ssl_cert_file,
        "ssl_keyfile": kafka.ssl_key_file,
        "sasl_mechanism": kafka.sasl_mechanism,
        "sasl_plain_username": kafka.sasl_username,
        "sasl_plain_password": kafka.sasl_password,
    }
    return config | {name: value for name, value in named.items() if value}


def ssl_context(kafka: Kafka) -> ssl.SSLContext | None:
    """For aiokafka under Faust; None without TLS."""
    if "SSL" not in kafka.security_protocol.split("_"):
        return None
    context = ssl.create_default_context(cafile=kafka.ssl_ca_file or None)
    if kafka.ssl_cert_file:
        context.load_cert_chain(kafka.ssl_cert_file, kafka.ssl_key_file or None)
    return context


def producer_config(kafka: Kafka) -> dict[str, Any]:
    """An idempotent producer that never leaves a gap: what cannot be sent ends it instead."""
    return librdkafka(kafka) | {
        "acks": "all",
        "enable.idempotence": True,
        "enable.gapless.guarantee": True,
        "partitioner": "murmur2",
        "linger.ms": 1,  # a commit's effects come all at once: to wait longer is only to be later
        "message.timeout.ms": 0,
        "message.max.bytes": RECORD_BYTES,
        "compression.type": "lz4",
    }
