"""Who is counted, as a mapping or as keywords."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import InputError, QuotaClientError


def subject_of(subject: Mapping[str, str] | None, attributes: Mapping[str, str]) -> dict[str, str]:
    if subject is None:
        return dict(attributes)
    if not isinstance(subject, Mapping):
        raise QuotaClientError.invalid(InputError("subject", "must map attribute names to strings"))
    twice = sorted(subject.keys() & attributes.keys())
    if twice:
        raise QuotaClientError.invalid(InputError(f"subject.{twice[0]}", "is named twice"))
    return {**subject, **attributes}
