"""The values that ``pulumi config set --secret`` encrypted, for stacks with a passphrase.

``encryptionsalt`` is ``v1:<salt>:<the word "pulumi", encrypted>`` and a value
``v1:<nonce>:<ciphertext>``, both in base64: AES-256 in GCM, with a key that PBKDF2 makes of the
passphrase.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Final

ITERATIONS: Final = 1_000_000
"""Of PBKDF2 with SHA-256: about a third of a second."""

_PROOF: Final = "pulumi"


class WrongPassphraseError(ValueError):
    """The passphrase is not the one that the values were encrypted with."""


def decrypter(salt: str, passphrase: str) -> Callable[[str], str]:
    """Return what turns an encrypted value into its text.

    Args:
        salt: ``encryptionsalt`` of the stack file.
        passphrase: what Pulumi takes from ``PULUMI_CONFIG_PASSPHRASE``.

    Raises:
        WrongPassphraseError: if the passphrase does not fit the salt.
    """
    version, encoded, proof = salt.split(":", 2)
    if version != "v1":
        raise ValueError(f"encryptionsalt has the unknown version {version!r}")
    key = hashlib.pbkdf2_hmac(
        "sha256", passphrase.encode(), base64.b64decode(encoded), ITERATIONS, dklen=32
    )
    if _decrypt(key, proof) != _PROOF:
        raise WrongPassphraseError
    return lambda value: _decrypt(key, value)


def _decrypt(key: bytes, value: str) -> str:
    # Imported here: nothing but a stack with encrypted values needs it.
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    version, nonce, ciphertext = value.split(":")
    if version != "v1":
        raise ValueError(f"an encrypted value has the unknown version {version!r}")
    try:
        plain = AESGCM(key).decrypt(base64.b64decode(nonce), base64.b64decode(ciphertext), None)
    except InvalidTag:
        raise WrongPassphraseError from None
    return plain.decode()
