"""The options of both clients, checked at once: one that can never work is a ``TypeError`` or ``ValueError`` of the constructor."""

from __future__ import annotations

import random
import re
import ssl
import time
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import httpx

from ._core import Surroundings
from ._fallback import Fallback, Fallbacks
from ._monitor import OnAlarm
from ._reserving import ReservingCore

KEY = re.compile(r"[\x21-\x7e]+")
MAX_ENDPOINTS = 16
MAX_RETRIES = 10
MIN_DEADLINE_MS, MAX_DEADLINE_MS = 5, 60_000

MAX_CONNECTIONS = 64
"""To each endpoint; one more call waits for a free one, within its deadline."""
KEEP_ALIVE_S = 30.0


def make_core(
    endpoints: str | Sequence[str],
    deadline_ms: float,
    retries: int,
    fallback: Fallback | Mapping[str, Fallback],
    on_alarm: OnAlarm | None,
    alarm_error_rate: float,
) -> ReservingCore:
    addresses = [endpoints] if isinstance(endpoints, str) else list(endpoints)
    if not 1 <= len(addresses) <= MAX_ENDPOINTS:
        raise ValueError(f"endpoints must be 1–{MAX_ENDPOINTS} URLs, not {len(addresses)}.")
    if not MIN_DEADLINE_MS <= deadline_ms <= MAX_DEADLINE_MS:
        raise ValueError(f"deadline_ms must be {MIN_DEADLINE_MS} to {MAX_DEADLINE_MS}, not {deadline_ms}.")
    if not isinstance(retries, int) or not 0 <= retries <= MAX_RETRIES:
        raise ValueError(f"retries must be an integer from 0 to {MAX_RETRIES}, not {retries!r}.")
    if not 0 <= alarm_error_rate <= 1:
        raise ValueError(f"alarm_error_rate must be 0 to 1, not {alarm_error_rate}.")
    return ReservingCore(
        [base_url(address) for address in addresses],
        deadline_s=deadline_ms / 1_000,
        retries=retries,
        fallbacks=Fallbacks(fallback),
        surroundings=Surroundings(time.monotonic, time.time, random.random),
        on_alarm=on_alarm,
        alarm_error_rate=alarm_error_rate,
    )


def base_url(text: str) -> str:
    """With a slash at its end, so that a path can be put behind it."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"An endpoint must be like http://sundial:3000, not {text!r}.")
    if parts.username is not None or parts.password is not None:
        raise ValueError("An endpoint must hold no user name or password: use key.")
    if parts.query or parts.fragment:
        raise ValueError(f"An endpoint must have neither a query nor a fragment: {text!r}.")
    httpx.URL(text)
    return text if text.endswith("/") else f"{text}/"


def headers(key: str | None) -> dict[str, str]:
    """Sent with every request. No encoding is accepted: an answer is bounded in bytes, and no few bytes may become many."""
    sent = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "sundial-python"}
    if key is not None:
        if not KEY.fullmatch(key):
            raise ValueError("key must be printable ASCII characters without spaces.")
        sent["authorization"] = f"Bearer {key}"
    return sent


def tls(endpoints: str | Sequence[str], given: ssl.SSLContext | None) -> ssl.SSLContext | bool:
    """Made at construction: to read the authorities takes longer than a call may."""
    addresses = [endpoints] if isinstance(endpoints, str) else endpoints
    if given is not None:
        return given
    return httpx.create_ssl_context() if any(a.startswith("https:") for a in addresses) else False
