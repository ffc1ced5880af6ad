"""What the clients raise: misuse, and refusals where a value cannot say them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .contract import Decision


@dataclass(frozen=True, slots=True)
class InputError:
    """One thing wrong with an input: where (dotted path, ``subject.user``) and what, in a sentence."""

    path: str
    message: str


class QuotaClientError(Exception):
    """Misuse: bad input, a refused key, a conflict. Repeating the same call does not help.

    An outage raises nothing: the decision is then made by the fallback and says ``degraded``. A refusal raises nothing
    either: it is a decision with ``allowed`` false.

    ``code`` is the service's own (``invalid-request``, ``operation-conflict``, ``reservation-ended``, ``wrong-key`` …) or
    ``client-closed``; ``status`` the HTTP status, None where the client found the error itself; ``errors`` every error of bad
    input, with its path; ``request_id`` the service's name for the request, as its logs show it.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int | None = None,
        errors: Sequence[InputError] = (),
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.errors = tuple(errors)
        self.request_id = request_id

    @classmethod
    def invalid(cls, *errors: InputError) -> QuotaClientError:
        """Bad input that was found before anything was sent."""
        sentence = "; ".join(f"{error.path}: {error.message}" for error in errors)
        return cls("invalid-request", sentence, errors=errors)


class RiskLimitExceeded(Exception):
    """A refusal where code cannot go on with a value: raised by ``@risk_limit`` and on entering ``reservation(…)``.

    ``decision`` has the limits, ``retry_after_ms`` and the ``on_deny`` that the rule wants to happen.
    """

    def __init__(self, resource: str, decision: Decision) -> None:
        on_deny = decision.on_deny
        sentence = (
            on_deny.message if on_deny is not None and on_deny.message else f"{resource}: {decision.reason}"
        )
        super().__init__(sentence)
        self.resource = resource
        self.decision = decision
