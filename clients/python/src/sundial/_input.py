"""Checks what a caller passes, so that misuse is found also while no endpoint answers. Bounds are those of the service."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ._receipt_text import MAX_SUBJECT_BYTES, subject_bytes
from .contract import CheckRequest
from .errors import InputError, QuotaClientError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
ATTRIBUTE = re.compile(r"(?!resource\Z)[a-z][A-Za-z0-9_-]{0,31}")
OPERATION_ID = re.compile(r"[\x20-\x7e]{1,128}")
SURROGATE = re.compile(r"[\ud800-\udfff]")
MAX_ATTRIBUTES = 8
MAX_VALUE_LENGTH = 256
MAX_METERS = 8
MAX_UNITS = 2**53 - 1
MAX_BATCH_CHECKS = 1_000
MIN_TTL_MS, MAX_TTL_MS = 1_000, 86_400_000
MAX_REASON_LENGTH = 256
MAX_ERRORS = 20


class Complaints:
    """Collects what is wrong; ``settle`` raises it all at once."""

    def __init__(self) -> None:
        self._errors: list[InputError] = []

    def add(self, path: str, message: str) -> None:
        if len(self._errors) < MAX_ERRORS:
            self._errors.append(InputError(path, message))

    def settle(self) -> None:
        if self._errors:
            raise QuotaClientError.invalid(*self._errors)


def check_body(request: CheckRequest, operation_id: str) -> dict[str, Any]:
    """The body of ``POST /check``. Raises ``QuotaClientError`` (``invalid-request``) with every error."""
    wrong = Complaints()
    body = collect_check(request, operation_id, wrong, "")
    wrong.settle()
    return body


def collect_check(request: CheckRequest, operation_id: str, wrong: Complaints, at: str) -> dict[str, Any]:
    subject: object = request.subject
    body: dict[str, Any] = {"resource": request.resource, "operationId": operation_id}
    body["subject"] = dict(subject) if isinstance(subject, Mapping) else subject
    _name(wrong, f"{at}resource", request.resource)
    _subject(wrong, f"{at}subject", request.subject)
    if not isinstance(operation_id, str) or not OPERATION_ID.fullmatch(operation_id):
        wrong.add(f"{at}operation_id", "must be 1–128 printable ASCII characters")
    add_amounts(body, request.amount, request.amounts, wrong, at)
    _receipt(body, request, wrong, at)
    return body


def add_amounts(
    body: dict[str, Any],
    amount: int | None,
    amounts: Mapping[str, int] | None,
    wrong: Complaints,
    at: str = "",
) -> None:
    if amount is not None:
        _units(wrong, f"{at}amount", amount)
        body["amount"] = amount
    if amounts is None:
        return
    if not isinstance(amounts, Mapping):
        wrong.add(f"{at}amounts", "must map meters to integers")
        return
    if len(amounts) > MAX_METERS:
        wrong.add(f"{at}amounts", f"must name at most {MAX_METERS} meters")
    for meter, taken in amounts.items():
        _name(wrong, f"{at}amounts", meter)
        if meter == "units":
            wrong.add(f"{at}amounts.units", "is written as amount")
        _units(wrong, f"{at}amounts.{meter}", taken)
    body["amounts"] = dict(amounts)


def add_ttl(body: dict[str, Any], ttl_ms: int | None, wrong: Complaints) -> None:
    if ttl_ms is None:
        return
    if not _is_integer(ttl_ms) or not MIN_TTL_MS <= ttl_ms <= MAX_TTL_MS:
        wrong.add("ttl_ms", f"must be an integer from {MIN_TTL_MS} to {MAX_TTL_MS}")
    body["ttlMs"] = ttl_ms


def add_reason(body: dict[str, Any], reason: str | None, wrong: Complaints) -> None:
    if reason is None:
        return
    if not isinstance(reason, str) or len(reason) > MAX_REASON_LENGTH or SURROGATE.search(reason):
        wrong.add("reason", f"must be well-formed text of at most {MAX_REASON_LENGTH} characters")
    body["reason"] = reason


def usage_query(resource: str, subject: Mapping[str, str]) -> list[tuple[str, str]]:
    """The parameters of ``GET /usage``. Raises ``QuotaClientError`` (``invalid-request``) with every error."""
    wrong = Complaints()
    _name(wrong, "resource", resource)
    _subject(wrong, "subject", subject)
    wrong.settle()
    return [("resource", resource), *subject.items()]


def _receipt(body: dict[str, Any], request: CheckRequest, wrong: Complaints, at: str) -> None:
    asked: object = request.receipt
    if asked is False:
        return
    if asked is not True:
        wrong.add(f"{at}receipt", "must be True or False")
        return
    body["receipt"] = True
    if not isinstance(request.subject, Mapping):
        return
    size = subject_bytes(request.subject)
    if size > MAX_SUBJECT_BYTES:
        message = f"is not possible for a subject of {size} bytes as JSON: a receipt names at most {MAX_SUBJECT_BYTES}"
        wrong.add(f"{at}receipt", message)


def _name(wrong: Complaints, path: str, value: object) -> None:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        wrong.add(path, "must match [A-Za-z0-9][A-Za-z0-9._:-]{0,127}")


def _subject(wrong: Complaints, path: str, subject: object) -> None:
    if not isinstance(subject, Mapping):
        wrong.add(path, "must map attribute names to strings")
        return
    if len(subject) > MAX_ATTRIBUTES:
        wrong.add(path, f"must have at most {MAX_ATTRIBUTES} attributes")
    for name, value in subject.items():
        if not isinstance(name, str) or not ATTRIBUTE.fullmatch(name):
            wrong.add(f"{path}.{name}", "must match [a-z][A-Za-z0-9_-]{0,31} and not be resource")
        if not isinstance(value, str) or not 1 <= len(value) <= MAX_VALUE_LENGTH:
            wrong.add(f"{path}.{name}", f"must be a string of 1–{MAX_VALUE_LENGTH} characters")
        elif SURROGATE.search(value):
            wrong.add(f"{path}.{name}", "is not well-formed Unicode")


def _units(wrong: Complaints, path: str, value: object) -> None:
    if not _is_integer(value) or not 0 <= value <= MAX_UNITS:  # type: ignore[operator]
        wrong.add(path, "must be an integer from 0 to 2^53−1")


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
