"""Which change of a value makes a policy looser.

What cannot be compared counts as looser: it has to be named.
"""

from collections.abc import Callable
from typing import Any

from dnkit.policies.bind import Bound
from dnkit.policies.keys import Key, Route, key_of
from dnkit.policies.policy import Distance, PriceText, Quantity


def loosened(before: Bound, after: Bound) -> tuple[Route, ...]:
    """Routes at which `after` is looser than `before`, in the order of the file."""
    found = []
    for route in dict.fromkeys((*after.values, *before.values)):
        key = key_of(route)
        if key is None or not key.tight or (after.has(*route) and route not in after.values):
            continue
        old, new = before.of(*route), after.of(*route)
        if old is not None and new != old and not is_tighter(key, old, new):
            found.append(route)
    return tuple(found)


def is_tighter(key: Key, old: Any, new: Any) -> bool:
    """Whether going from `old` to another value `new` keeps or tightens the limit."""
    if new is None:
        return False
    if key.type in _BY_TYPE:
        return _BY_TYPE[key.type](old, new)
    if key.path == "limits.forbid":
        return all(one in new for one in old)
    if isinstance(old, Distance | Quantity):
        if _dimension(old) != _dimension(new):
            return False
        old, new = old.amount, new.amount
    return bool(new <= old if key.tight == "down" else new >= old)


def _dimension(value: Distance | Quantity) -> tuple[str, str]:
    return value.unit, value.coin if isinstance(value, Quantity) else ""


def _ladder(old: tuple[PriceText, ...], new: tuple[PriceText, ...]) -> bool:
    if not old or not new:
        return bool(not new)
    last, farthest = new[-1], old[-1]
    if last.anchor is not farthest.anchor or (last.direction, farthest.direction) != ("through", "through"):
        return last.direction != "through" and farthest.direction == "through"
    one, two = last.distance, farthest.distance
    return one is not None and two is not None and one.unit == two.unit and one.amount <= two.amount


def _depth(old: Any, new: Any) -> bool:
    return bool(new[0] >= old[0] and new[1] <= old[1])


def _volume(old: Any, new: Any) -> bool:
    return bool(new[0] * old[1] >= old[0] * new[1])


def _rate(old: Any, new: Any) -> bool:
    return bool(new[0] * old[1] <= old[0] * new[1])


def _amounts(old: tuple[Quantity, ...], new: tuple[Quantity, ...]) -> bool:
    """The largest counts: every new part must lie below an old one of its kind."""
    known = {_dimension(one): one.amount for one in old}
    return all(_dimension(one) in known and one.amount <= known[_dimension(one)] for one in new)


_BY_TYPE: dict[str, Callable[[Any, Any], bool]] = {
    "rung": _ladder,
    "depth": _depth,
    "volume": _volume,
    "rate": _rate,
    "amounts": _amounts,
}
