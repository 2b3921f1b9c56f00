"""What a policy says that does not act: not where it would run now, or not in such a policy.

Said as infos: nothing is wrong with the text, but whoever relies on the key has to know.
"""

from collections.abc import Iterator
from typing import Any

from dnkit.policies.bind import Bound
from dnkit.policies.check import CLOSING
from dnkit.policies.codes import INFO
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.units import parse_amounts
from dnkit.policies.waits import LIVE, WAITS, Waits

VENUE_MINIMUM = parse_amounts("venue minimum")  # what a close does anyway

_REDUCES = "orders of a {intent} only reduce, and only orders that add risk are held back"
_NAKED = "a naked leg is worked whatever the book is like"
_CLOSING = {
    ("limits", "min_hedge"): "a {intent} trades down to what the venue lets trade",
    ("limits", "min_depth"): _REDUCES,
    ("limits", "min_volume"): _REDUCES,
}
_ONE_LEG = {
    ("limits", "max_unhedged"): "with one leg all that is open is unhedged",
    ("imbalance",): "with one leg there is nothing to compare",
}
_ONE_LEG_CLOSING = {("limits", "max_spread"): _NAKED, ("data", "bbo", "max_age"): _NAKED}
_CODES = {True: "DNK601", False: "DNK602"}
_WORDS = {True: "acts on live venues only", False: "does not act yet"}


def idle(bound: Bound) -> Iterator[Diagnostic]:
    """An info for every key the file uses that does not act on paper in this version, in the order of the
    table.
    """
    for path, waiting in WAITS.items():
        route = tuple(path.split("."))
        if bound.has(*route):
            yield from (_info(bound, route, one) for one in waiting if _is_meant(one, bound.of(*route)))
    yield from _out_of_place(bound)


def _out_of_place(bound: Bound) -> Iterator[Diagnostic]:
    """Infos for keys that do nothing in a policy of this intent, or with this many legs."""
    closing, alone = bound.of("intent") in CLOSING, len(bound.names("legs")) == 1
    tables = ((_CLOSING, closing), (_ONE_LEG, alone), (_ONE_LEG_CLOSING, closing and alone))
    for table, holds in tables:
        for route, why in table.items():
            if holds and bound.has(*route) and bound.of(*route) != VENUE_MINIMUM:
                said = f"`{'.'.join(route)}` does not act here: {why.format(intent=bound.of('intent'))}"
                yield Diagnostic(code="DNK603", message=said, span=bound.place(*route), severity=INFO)


def _is_meant(one: Waits, value: Any) -> bool:
    """Whether a key's value is the one that waits; a depth is (money, levels)."""
    if isinstance(value, tuple):
        return bool(value[1] > 1)
    return not one.value or value == one.value


def _info(bound: Bound, route: tuple[str, ...], one: Waits) -> Diagnostic:
    live, path = one.since == LIVE, ".".join(route)
    what = f"`{path}: {bound.nodes[route].text}`" if one.value else f"`{path}`"
    said = f"{what} {_WORDS[live]}: {one.why}"
    return Diagnostic(code=_CODES[live], message=said, span=bound.place(*route), severity=INFO)
