"""Signed results: `{"result": ..., "signature": "..."}` as canonical JSON, Ed25519 over the result.

Whoever has public.pem of the class can check one, and needs nothing else of ours.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from pydantic import ValidationError

from grader.exam.result import Result
from grader.model import GraderFault, Refused, UsageError
from grader.sitting.chain import canonical

MAX = 4 << 20


def sign(result: Result, private: Path) -> bytes:
    """A result with its signature. Raises: GraderFault where the key cannot be read."""
    try:
        key = load_pem_private_key(private.read_bytes(), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise GraderFault(f"{private.name} of the class cannot be read; restore it from a copy.")
    plain = result.model_dump(mode="json")
    signature = b64encode(key.sign(canonical(plain))).decode()
    return canonical({"result": plain, "signature": signature}) + b"\n"


def verify(signed: Path, public: Path) -> Result:
    """The result in a file, if the class signed exactly it.

    Raises: Refused where it was changed or signed by another; UsageError where it is no result.
    """
    try:
        key = load_pem_public_key(public.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"{public.name} is no public key of a class; name its public.pem.")
    try:
        with signed.open("rb") as file:
            content = file.read(MAX)
        fields = json.loads(content)
        plain, signature = canonical(fields["result"]), b64decode(fields["signature"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise UsageError(f"{signed.name} is no signed result; name a result's JSON file.") from None
    try:
        if canonical(fields) + b"\n" != content:  # else bytes could change and nobody would see it
            raise InvalidSignature
        key.verify(signature, plain)
        return Result.model_validate(fields["result"])
    except (InvalidSignature, ValidationError):
        raise Refused(
            f"{signed.name} is not what this class signed: it was changed, or the key is another's."
        ) from None
