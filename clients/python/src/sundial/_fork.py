"""A forked child shares nothing with its parent: two processes must not share connections, nor deliver one journal twice."""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet


class Begins(Protocol):
    """What starts again in a child."""

    def _begin(self) -> None: ...


_all: WeakSet[Begins] = WeakSet()


def begin_in_children(client: Begins) -> None:
    """``client._begin()`` is called in each child that is forked from now on."""
    _all.add(client)


def _begin_in_child() -> None:
    for client in list(_all):
        client._begin()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_in_child)
