"""What a mutant is, and how things are broken."""

import inspect
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from dnkit.engine import orders
from dnkit.machine.orders import TABLE, Life, Move, News
from dnkit.machine.program import Program

Change = Callable[[pytest.MonkeyPatch], None]
OPEN = (Life.SENT, Life.WORKING, Life.CANCELLING, Life.UNSURE)


class Proof(NamedTuple):
    """The property that breaks in a program, with the fewest faults and the fewest moves that takes. `steps`
    is None where no single state shows it.
    """

    id: str
    program: Callable[[], Program]
    faults: int = 0
    steps: int | None = None
    crashes: bool = False


class Check(NamedTuple):
    """A test that fails, and what it is called with."""

    test: Callable[..., None]
    args: tuple[Any, ...] = ()


class Mutant(NamedTuple):
    """`what` says in plain words what is broken, `change` breaks it."""

    name: str
    what: str
    change: Change
    caught: Proof | Check


@contextmanager
def broken(mutant: Mutant) -> Iterator[None]:
    """Engine and compiler as the mutant has them."""
    with pytest.MonkeyPatch.context() as patch:
        mutant.change(patch)
        yield


def line(function: Any, old: str, new: str) -> Change:
    """One spot of a function's text is another; all who hold the function run that."""

    def change(patch: pytest.MonkeyPatch) -> None:
        text = textwrap.dedent(inspect.getsource(function))
        assert text.count(old) == 1, f"{function.__name__} holds {text.count(old)} times: {old}"
        names = dict(function.__globals__)
        exec(compile(text.replace(old, new), "<mutant>", "exec"), names)
        patch.setattr(function, "__code__", names[function.__name__].__code__)

    return change


def both(one: Change, other: Change) -> Change:
    """Two slips at once, where one step makes up for another."""

    def change(patch: pytest.MonkeyPatch) -> None:
        one(patch)
        other(patch)

    return change


def value(where: Any, name: str, instead: Any) -> Change:
    """A module has another value under a name."""
    return lambda patch: patch.setattr(where, name, instead)


def entry(where: dict[Any, Any], key: Any, instead: Any) -> Change:
    """A dictionary has another entry."""
    return lambda patch: patch.setitem(where, key, instead)


def cells(lives: tuple[Life, ...], news: News, move: Move) -> Change:
    """An order's life goes another way."""
    rows = [list(row) for row in TABLE]
    for life in lives:
        rows[life][news] = move
    return value(orders, "TABLE", tuple(tuple(row) for row in rows))
