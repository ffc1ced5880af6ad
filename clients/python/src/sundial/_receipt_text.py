"""What a receipt says, and the unsigned pass in its place. Needs no cryptography."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

from .contract import Amounts, CheckRequest, Degraded, Subject

OFFLINE_TYPE = "sundial-offline-receipt+jwt"
MAX_RECEIPT_LENGTH = 8_192
MAX_SUBJECT_BYTES = 1_536
TTL_S = 600
COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)")
MAX_UNITS = 2**53 - 1


@dataclass(frozen=True, slots=True)
class ReceiptClaims:
    """This operation of this subject was allowed to take these amounts of this resource.

    ``jti`` is the same in all receipts of one operation. ``iat`` and ``exp`` in seconds since 1970. ``offline``: a client made it for itself.
    """

    jti: str
    operation_id: str
    resource: str
    subject: Subject
    amounts: Amounts
    reason: str
    iat: int
    exp: int
    degraded: Degraded | None = None
    reservation: str | None = None
    offline: bool = False


def canonical(receipt: object) -> tuple[str, bytes, str] | None:
    """The text, its payload and its signature; None for what is no compact JWS as it is written, with one spelling of the signature."""
    if not isinstance(receipt, str) or len(receipt) > MAX_RECEIPT_LENGTH:
        return None
    parts = COMPACT.fullmatch(receipt)
    if parts is None:
        return None
    try:
        payload, signature = _decode(parts[2]), parts[3]
        return None if _encode(_decode(signature)) != signature else (receipt, payload, signature)
    except ValueError:
        return None


def is_type(typ: object, expected: str) -> bool:
    """RFC 7515 §4.1.9: in any case, and with or without ``application/``."""
    return isinstance(typ, str) and typ.lower() in (expected, f"application/{expected}")


def read_claims(payload: bytes) -> ReceiptClaims | None:
    """None for what are no claims; those of a later version may have more members."""
    try:
        claims = json.loads(payload.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(claims, dict) or claims.get("allowed") is not True:
        return None
    texts = [claims.get(name) for name in ("jti", "operationId", "resource", "reason")]
    subject, amounts, degraded = claims.get("subject"), claims.get("amounts"), claims.get("degraded")
    if not all(isinstance(text, str) and text for text in texts):
        return None
    if not isinstance(subject, dict) or not all(isinstance(value, str) for value in subject.values()):
        return None
    if not isinstance(amounts, dict) or not all(_is_count(units) for units in amounts.values()):
        return None
    if not _is_count(claims.get("iat")) or not _is_count(claims.get("exp")):
        return None
    held = claims.get("reservation")
    return ReceiptClaims(
        jti=claims["jti"],
        operation_id=claims["operationId"],
        resource=claims["resource"],
        subject=subject,
        amounts=amounts,
        reason=claims["reason"],
        iat=claims["iat"],
        exp=claims["exp"],
        degraded=_degraded(degraded),
        reservation=held if isinstance(held, str) else None,
        offline=claims.get("offline") is True,
    )


def offline_receipt(
    request: CheckRequest, operation_id: str, now: float, expires_at: float = float("inf")
) -> str | None:
    """The pass of an allowed operation that asked for a receipt while no endpoint answered; None where it asked for none.

    Verification refuses it (``issued-offline``) unless an operator has opened the gate of the resource.
    """
    amounts = {"units": 1 if request.amount is None else request.amount, **(request.amounts or {})}
    if not request.receipt or not any(amounts.values()):
        return None
    iat = int(now)
    claims: dict[str, Any] = {
        "jti": operation_id,
        "operationId": operation_id,
        "resource": request.resource,
        "subject": dict(request.subject),
        "amounts": amounts,
        "allowed": True,
        "reason": "degraded",
        "degraded": {"cause": "unreachable", "policy": "allow"},
        "offline": True,
        "iat": iat,
        "exp": max(iat + 1, int(min(now + TTL_S, expires_at))),
    }
    header = {"alg": "none", "typ": OFFLINE_TYPE}
    return ".".join((_json(header), _json(claims), ""))


def subject_bytes(subject: Subject) -> int:
    """As JSON. Values that are no text are complained of elsewhere."""
    text = json.dumps(dict(subject), separators=(",", ":"), ensure_ascii=False, default=str)
    return len(text.encode(errors="surrogatepass"))


def _degraded(value: object) -> Degraded | None:
    if not isinstance(value, dict) or not isinstance(value.get("cause"), str):
        return None
    policy = value.get("policy")
    return Degraded(value["cause"], policy if isinstance(policy, str) else None)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_UNITS


def _json(value: object) -> str:
    return _encode(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
