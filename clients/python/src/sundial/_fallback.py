"""What decides when no endpoint answered."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ._steps import FailureCause
from .contract import Policy

LOG = logging.getLogger("sundial")


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Why no endpoint answered, as a fallback function and the journal are given it.

    ``resource`` is None for an ending of which only the id is known. ``cause`` is the last failure's: ``timeout``, ``no-connection``,
    ``connection-lost``, ``broken-answer``, ``server-error`` (500 and more, 408, 429), ``circuit-open``, or ``overloaded`` (more calls at once
    than connections); ``status`` and ``code``
    are those of the last answer, None where there was none. ``attempted``: a request may have reached the service.
    """

    resource: str | None
    cause: FailureCause
    status: int | None
    code: str | None
    attempted: bool
    detail: str


Fallback = Policy | Callable[[Unanswered], Policy]


class Fallbacks:
    """A fallback for each resource; the one under ``default`` for all others, else ``allow``."""

    def __init__(self, fallback: Fallback | Mapping[str, Fallback]) -> None:
        given = fallback if isinstance(fallback, Mapping) else {"default": fallback}
        for resource, value in given.items():
            if value not in ("allow", "deny") and not callable(value):
                raise TypeError(
                    f"fallback[{resource!r}] must be 'allow', 'deny' or a function, not {value!r}."
                )
        self._default: Fallback = given.get("default", "allow")
        self._by_resource = dict(given)

    def policy(self, unanswered: Unanswered) -> Policy:
        """Never raises: a function that fails, or answers something else, is logged and counts as ``allow``."""
        resource = unanswered.resource
        fallback = self._default if resource is None else self._by_resource.get(resource, self._default)
        if not callable(fallback):
            return fallback
        try:
            answer: object = fallback(unanswered)
        except Exception:
            LOG.exception("The fallback function of %s failed; its calls are allowed.", resource)
            return "allow"
        if answer not in ("allow", "deny"):
            LOG.error("The fallback function of %s answered %r; its calls are allowed.", resource, answer)
            return "allow"
        return answer
