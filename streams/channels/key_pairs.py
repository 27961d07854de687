"""Signatures of vendors that sign with a private key and show you the public one."""

from __future__ import annotations

import base64
import re
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    load_der_public_key,
    load_pem_public_key,
)

_LABEL = re.compile(r"-----(?:BEGIN|END) [A-Z ]+-----|\s")


@lru_cache(maxsize=256)
def public_key(secret: str) -> RSAPublicKey | EllipticCurvePublicKey | None:
    """The key in any of the forms in which it is handed about, with or without PEM's first and
    last line; None when the secret is none, or one of another kind.
    """
    try:
        key = load_der_public_key(base64.b64decode(_LABEL.sub("", secret), validate=True))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        try:  # the PKCS#1 form, as openssl writes it
            key = load_pem_public_key(secret.encode())
        except (ValueError, TypeError, UnsupportedAlgorithm):
            return None
    return key if isinstance(key, RSAPublicKey | EllipticCurvePublicKey) else None


def is_rsa_signed(secret: str, signature: bytes, message: bytes) -> bool:
    """RSA, PKCS#1 v1.5, SHA-256."""
    key = public_key(secret)
    if not isinstance(key, RSAPublicKey):
        return False
    try:
        key.verify(signature, message, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def is_ecdsa_signed(secret: str, signature: bytes, message: bytes) -> bool:
    """ECDSA, SHA-256."""
    key = public_key(secret)
    if not isinstance(key, EllipticCurvePublicKey):
        return False
    try:
        key.verify(signature, message, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True
