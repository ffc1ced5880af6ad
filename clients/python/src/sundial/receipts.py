"""Verifies receipts in the program that does the costly work: ``pip install "sundial-client[receipts]"``.

::

    from sundial.receipts import RemoteKeys, verify_receipt

    keys = RemoteKeys("https://quota.internal/.well-known/jwks.json")

    def recognise(job: Job) -> Text:
        verdict = verify_receipt(job.receipt, resource="ocr", keys=keys)
        if not verdict.valid or verdict.claims.subject.get("user") != job.user:
            raise NotPaid(verdict.code)
        return costly_recognition(job)
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Literal, Protocol

import httpx

from ._receipt_text import OFFLINE_TYPE, ReceiptClaims, canonical, is_type, read_claims

try:
    import jwt
    from jwt.api_jws import PyJWS
except ImportError as error:  # pragma: no cover
    raise ImportError('sundial.receipts needs PyJWT: pip install "sundial-client[receipts]"') from error

ReceiptCode = Literal[
    "malformed",
    "not-a-receipt",
    "unsupported-algorithm",
    "unknown-key",
    "bad-signature",
    "not-yet-valid",
    "expired",
    "wrong-resource",
    "issued-offline",
    "already-consumed",
    "keys-unavailable",
]
"""Why a receipt is not accepted; docs/receipts.md says what each means."""

RECEIPT_TYPE = "sundial-receipt+jwt"
ALGORITHMS = ("EdDSA", "ES256")
KID = re.compile(r"[A-Za-z0-9_-]{43}")
MAX_AGE_S = 300.0
MIN_PAUSE_S = 5.0
TIMEOUT_S = 2.0
MAX_JWKS_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class ReceiptVerdict:
    """``claims`` where it is valid, else ``code``."""

    valid: bool
    code: ReceiptCode | None = None
    claims: ReceiptClaims | None = None


class KeySource(Protocol):
    """Where a verifier finds the key that a receipt names."""

    def find(self, kid: str) -> jwt.PyJWK | None: ...

    @property
    def is_complete(self) -> bool:
        """False where there may be keys that could not be fetched."""
        ...


class KnownKeys:
    """The keys of a JWKS document that the program has."""

    is_complete = True

    def __init__(self, jwks: Mapping[str, Any]) -> None:
        keys = jwks.get("keys")
        if not isinstance(keys, list):
            raise TypeError("jwks must be a mapping with a list of keys")
        self._by_id = _keys_in(keys)

    def find(self, kid: str) -> jwt.PyJWK | None:
        return self._by_id.get(kid)


class RemoteKeys:
    """The keys that a service publishes, fetched when a receipt names one that is not known, and every five minutes of use.

    At most one question in ``min_pause_s`` whatever keys receipts name, so that forged names cannot make a program flood the service. While
    keys cannot be fetched, those that are known stay in use. ``urls``: one, or those of services that share their keys, asked in this order.
    A question takes up to 2 s each; programs on asyncio verify in ``asyncio.to_thread``. Safe for use by many threads.
    """

    def __init__(
        self,
        urls: str | Sequence[str],
        *,
        min_pause_s: float = MIN_PAUSE_S,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._urls = [urls] if isinstance(urls, str) else list(urls)
        self._min_pause_s = min_pause_s
        self._transport = transport
        self._clock = clock
        self._lock = Lock()
        self._by_id: Mapping[str, jwt.PyJWK] = {}
        self._asked_at = self._fetched_at = float("-inf")
        self._is_complete = False

    @property
    def is_complete(self) -> bool:
        return self._is_complete

    def find(self, kid: str) -> jwt.PyJWK | None:
        known = self._by_id.get(kid)
        if known is not None and self._clock() - self._fetched_at <= MAX_AGE_S:
            return known
        # A key that is known does not wait for a question of another thread.
        if self._lock.acquire(blocking=known is None):
            try:
                self._ask()
            finally:
                self._lock.release()
        return self._by_id.get(kid)

    def _ask(self) -> None:
        if self._clock() - self._asked_at < self._min_pause_s:
            return
        self._asked_at = self._clock()
        for url in self._urls:
            keys = self._fetch(url)
            if keys is not None:
                self._by_id, self._fetched_at, self._is_complete = keys, self._clock(), True
                return
        self._is_complete = False

    def _fetch(self, url: str) -> Mapping[str, jwt.PyJWK] | None:
        try:
            with httpx.Client(timeout=TIMEOUT_S, transport=self._transport, trust_env=False) as client:
                answer = client.get(url)
            if answer.status_code != 200 or len(answer.content) > MAX_JWKS_BYTES:
                return None
            keys = answer.json()["keys"]
            return _keys_in(keys) if isinstance(keys, list) else None
        except (httpx.HTTPError, ValueError, KeyError, TypeError, RecursionError):
            return None


def verify_receipt(
    receipt: object,
    *,
    resource: str,
    keys: KeySource | Mapping[str, Any],
    clock_tolerance_s: float = 30,
    is_open: Callable[[str], bool] = lambda _resource: False,
    now: float | None = None,
) -> ReceiptVerdict:
    """Whether a receipt pays for the use of a resource now, without a question to the service.

    Where it does, compare ``claims.subject`` and ``claims.amounts`` with what is about to be done. It does not know which receipts were
    used before: where each may be used once only, ask ``POST /receipts/verify`` with ``consume``, or keep each ``jti`` until its ``exp``.

    - ``keys``: a ``RemoteKeys``, or a JWKS document.
    - ``clock_tolerance_s``: how far the clock of this machine may be off, 0 to 600.
    - ``is_open``: whether the operator has opened the gate of a resource; then passes that clients made for themselves while no service
      answered are accepted. Never by default.
    - ``now``: Unix time, for tests.
    """
    if not 0 <= clock_tolerance_s <= 600:
        raise TypeError("clock_tolerance_s must be from 0 to 600")
    source = KnownKeys(keys) if isinstance(keys, Mapping) else keys
    claims = _vouched(receipt, source, lambda: is_open(resource))
    if not isinstance(claims, ReceiptClaims):
        return ReceiptVerdict(False, claims)
    at = time.time() if now is None else now
    if claims.iat > at + clock_tolerance_s:
        return ReceiptVerdict(False, "not-yet-valid")
    if claims.exp <= at - clock_tolerance_s:
        return ReceiptVerdict(False, "expired")
    if claims.resource != resource:
        return ReceiptVerdict(False, "wrong-resource")
    return ReceiptVerdict(True, claims=claims)


def _vouched(receipt: object, keys: KeySource, is_open: Callable[[], bool]) -> ReceiptClaims | ReceiptCode:
    parts = canonical(receipt)
    if parts is None:
        return "malformed"
    text, payload, signature = parts
    try:
        header = jwt.get_unverified_header(text)
    except (jwt.PyJWTError, RecursionError):
        return "malformed"
    algorithm = header.get("alg")
    if is_type(header.get("typ"), OFFLINE_TYPE):
        if algorithm != "none":
            return "unsupported-algorithm"
        claims = read_claims(payload)
        if claims is None or not claims.offline or signature:
            return "malformed"
        return claims if is_open() else "issued-offline"
    if not is_type(header.get("typ"), RECEIPT_TYPE):
        return "not-a-receipt"
    if algorithm not in ALGORITHMS:
        return "unsupported-algorithm"
    if not signature:
        return "malformed"
    return _signed(text, header.get("kid"), algorithm, keys)


def _signed(text: str, kid: object, algorithm: str, keys: KeySource) -> ReceiptClaims | ReceiptCode:
    # What is no thumbprint names no key, and is not worth a question.
    if not isinstance(kid, str) or not KID.fullmatch(kid):
        return "unknown-key"
    key = keys.find(kid)
    if key is None:
        return "unknown-key" if keys.is_complete else "keys-unavailable"
    # The key says which algorithm it is for, not the token.
    if key.algorithm_name != algorithm:
        return "unsupported-algorithm"
    try:
        payload = PyJWS().decode(text, key, algorithms=[algorithm])
    except jwt.InvalidSignatureError:
        return "bad-signature"
    except jwt.PyJWTError:
        return "malformed"
    return read_claims(payload) or "malformed"


def _keys_in(jwks: Iterable[object]) -> dict[str, jwt.PyJWK]:
    keys = {}
    for jwk in jwks:
        if not isinstance(jwk, dict) or jwk.get("alg") not in ALGORITHMS or jwk.get("use") != "sig":
            continue
        if jwk.get("crv") != {"EdDSA": "Ed25519", "ES256": "P-256"}[jwk["alg"]] or _thumbprint(
            jwk
        ) != jwk.get("kid"):
            continue
        try:
            keys[jwk["kid"]] = jwt.PyJWK({name: jwk[name] for name in jwk if name != "d"})
        except jwt.PyJWTError:
            continue
    return keys


def _thumbprint(jwk: Mapping[str, object]) -> str:
    """RFC 7638: a key cannot go by the name of another one."""
    members = {name: jwk[name] for name in ("crv", "kty", "x", "y") if name in jwk}
    digest = hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
