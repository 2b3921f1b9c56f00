"""A verdict, and where in the graph it shows."""

from typing import NamedTuple

from dnkit.analysis.proof import NONE, Standing, Verdict


class Case(NamedTuple):
    """`at` is the state that shows why a property is broken (NONE: no state does). Where the way there is not
    the one the explorer found first, `trail` holds it from a start on: each state and which of its edges was
    gone (as in `Graph.parent`: NONE - 1 - n for the n-th late one).
    """

    verdict: Verdict
    at: int = NONE
    trail: tuple[tuple[int, int], ...] = ()


def counted(faults: int) -> str:
    """Like `no fault`, `1 fault`, `2 faults`."""
    return f"{faults or 'no'} fault{'s' if faults > 1 else ''}"


def case(id: str, broken: bool, text: str, at: int = NONE, trail: tuple[tuple[int, int], ...] = ()) -> Case:
    """What was found of a property, in words."""
    standing = Standing.BROKEN if broken else Standing.HOLDS
    return Case(Verdict(id=id, standing=standing, text=text), at if broken else NONE, trail if broken else ())
