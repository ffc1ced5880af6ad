"""``@risk_limit``: a limit in front of a function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, Literal, ParamSpec, Protocol, TypeVar, cast

from ._held import AsyncHeldReservation, HeldReservation
from .async_client import AsyncQuotaClient
from .client import QuotaClient
from .contract import Amounts, Decision
from .errors import RiskLimitExceeded

P = ParamSpec("P")
R = TypeVar("R")

AnyClient = QuotaClient | AsyncQuotaClient
SubjectOf = str | Sequence[str] | Mapping[str, str] | Callable[..., Mapping[str, str]]

_default: dict[type, AnyClient] = {}


def use_client(client: AnyClient) -> None:
    """The client of every ``@risk_limit`` that names none: one for synchronous functions, one for coroutines."""
    _default[type(client)] = client


class Decorator(Protocol):
    """Keeps the signature of what it decorates."""

    def __call__(self, function: Callable[P, R], /) -> Callable[P, R]: ...


def risk_limit(
    *,
    resource: str,
    subject: SubjectOf,
    client: AnyClient | None = None,
    amount: int | Callable[..., int] | None = None,
    amounts: Amounts | Callable[..., Amounts] | None = None,
    count: Literal["on-call", "on-success"] = "on-call",
    on_denied: Callable[[Decision], Any] | None = None,
) -> Decorator:
    """Asks before the function runs; refused, it does not run, and ``RiskLimitExceeded`` is raised.

    ::

        @risk_limit(resource="ocr", subject={"user": "user_id"})
        def recognise(user_id: str, image: bytes) -> str: ...

    ``subject``: the name of a parameter, or several, whose values are counted under the same names; attribute → parameter; or a
    function of the call's arguments that answers the subject. ``amount`` and ``amounts`` may be functions of the arguments too.
    ``count="on-success"`` reserves, commits when the function returns, and releases when it raises. ``on_denied`` is called with the
    decision instead of raising, and its result is the call's. ``client``: a ``QuotaClient`` for a function, an ``AsyncQuotaClient`` for
    a coroutine function; by default that of ``use_client``.
    """

    def decorate(function: Callable[P, R], /) -> Callable[P, R]:
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(
                f"{function.__qualname__} is a generator: use client.reservation(…) inside of it."
            )
        limit = _Limit(function, resource, subject, amount, amounts, count, on_denied)
        if inspect.iscoroutinefunction(function):

            @wraps(function)
            async def limited_coroutine(*args: P.args, **kwargs: P.kwargs) -> Any:
                asked = limit.asked(args, kwargs)
                return await limit.run_async(_client(client, AsyncQuotaClient, function), asked, args, kwargs)

            return cast("Callable[P, R]", limited_coroutine)

        @wraps(function)
        def limited(*args: P.args, **kwargs: P.kwargs) -> R:
            asked = limit.asked(args, kwargs)
            return cast(R, limit.run(_client(client, QuotaClient, function), asked, args, kwargs))

        return limited

    return decorate


C = TypeVar("C", QuotaClient, AsyncQuotaClient)


def _client(given: AnyClient | None, kind: type[C], function: Callable[..., object]) -> C:
    client = given if given is not None else _default.get(kind)
    if not isinstance(client, kind):
        raise TypeError(
            f"@risk_limit of {function.__qualname__} needs a {kind.__name__}: pass client, or call use_client."
        )
    return client


class _Limit:
    """What a decorated function asks, and what becomes of the answer."""

    def __init__(
        self,
        function: Callable[..., Any],
        resource: str,
        subject: SubjectOf,
        amount: int | Callable[..., int] | None,
        amounts: Amounts | Callable[..., Amounts] | None,
        count: Literal["on-call", "on-success"],
        on_denied: Callable[[Decision], Any] | None,
    ) -> None:
        self._function, self._resource = function, resource
        self._signature = inspect.signature(function)
        self._subject = subject if callable(subject) else self._by_parameter(subject)
        self._amount, self._amounts = amount, amounts
        self._count, self._on_denied = count, on_denied

    def _by_parameter(
        self, subject: str | Sequence[str] | Mapping[str, str]
    ) -> Callable[..., Mapping[str, str]]:
        names = [subject] if isinstance(subject, str) else subject
        parameters = dict(names) if isinstance(names, Mapping) else {name: name for name in names}
        missing = [name for name in parameters.values() if name not in self._signature.parameters]
        if missing:
            raise TypeError(
                f"{self._function.__qualname__} has no parameter {missing[0]!r} to take the subject from."
            )

        def subject_of(*args: Any, **kwargs: Any) -> Mapping[str, str]:
            arguments = self._signature.bind(*args, **kwargs).arguments
            return {attribute: arguments[name] for attribute, name in parameters.items()}

        return subject_of

    def asked(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Of a call's arguments, defaults included."""
        amount, amounts = self._amount, self._amounts
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        args, kwargs = bound.args, bound.kwargs
        return {
            "subject": self._subject(*args, **kwargs),
            "amount": amount(*args, **kwargs) if callable(amount) else amount,
            "amounts": amounts(*args, **kwargs) if callable(amounts) else amounts,
        }

    def run(self, client: QuotaClient, asked: dict[str, Any], args: Any, kwargs: Any) -> Any:
        on_success = self._count == "on-success"
        ask = client.reserve if on_success else client.check
        decision = ask(self._resource, **asked)
        if not decision.allowed:
            return self._denied(decision)
        if not on_success:
            return self._function(*args, **kwargs)
        with HeldReservation(client, decision):
            return self._function(*args, **kwargs)

    async def run_async(self, client: AsyncQuotaClient, asked: dict[str, Any], args: Any, kwargs: Any) -> Any:
        on_success = self._count == "on-success"
        ask = client.reserve if on_success else client.check
        decision = await ask(self._resource, **asked)
        if not decision.allowed:
            result = self._denied(decision)
            return await result if inspect.isawaitable(result) else result
        if not on_success:
            return await self._function(*args, **kwargs)
        async with AsyncHeldReservation(client, decision):
            return await self._function(*args, **kwargs)

    def _denied(self, decision: Decision) -> Any:
        if self._on_denied is None:
            raise RiskLimitExceeded(self._resource, decision)
        return self._on_denied(decision)
