"""Which difference is looser. Limits go by the table of keys; here is what is looser beyond them, and what
keys mean that are not written.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

import msgspec

from dnkit.machine.program import TargetKind
from dnkit.policies.check import CLOSING
from dnkit.policies.check_guard import OTHERWISE
from dnkit.policies.compare.leaves import Leaf, Leaves, Path, kind_at
from dnkit.policies.compare.names import VENUE_MINIMUM
from dnkit.policies.keys import INTENTS, TABLE, Key
from dnkit.policies.tighten import is_tighter


class Mark(str, Enum):
    """What a difference is. RENAMED is none: the same thing by another name."""

    LOOSER = "looser"
    TIGHTER = "tighter"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"


class Change(msgspec.Struct, frozen=True):
    """One value before and after (None where it is not said), and all values around it."""

    path: Path
    pattern: str
    old: Any
    new: Any
    before: Leaves
    after: Leaves


# Words from the tightest to the loosest; words of one rank differ in another way.
_RANKS: dict[str, tuple[tuple[str, ...], ...]] = {
    "intent": (CLOSING, tuple(one for one in INTENTS if one not in CLOSING)),
    "limits.depth.else": (("refuse",), ("shrink",)),
    "data.bbo.stale": (("halt",), ("hold",), ("rest",)),
    "size.mode": (("strict",), ("conservative",), ("aggressive",)),
    "phases.*.rest.type": (("post_only",), ("gtc", "limit")),
    "phases.*.take.type": (("ioc", "fok", "none"), ("market",)),
}
_ACTS = (("run", "halt"), ("alert",), ("nothing",))
_PROOFS = ("verify", "arm")
_LADDER, _CAP = TABLE["phases.*.take.ladder"], TABLE["phases.*.take.cap"]


def mark(change: Change) -> Mark:
    """The mark of one value that differs."""
    if change.pattern in _JUDGES:
        return _JUDGES[change.pattern](change)
    if change.pattern in _RANKS:
        return _ranked(_RANKS[change.pattern], change.old, change.new)
    key = TABLE.get(change.pattern)
    return directed(key, change.old, change.new) if key and key.tight else _plain(change.old, change.new)


def directed(key: Key, old: Any, new: Any) -> Mark:
    """By the direction of a key; what cannot be compared counts as looser."""
    if old is None or new is None:
        return Mark.TIGHTER if old is None else Mark.LOOSER
    forth, back = is_tighter(key, old, new), is_tighter(key, new, old)
    return Mark.CHANGED if forth and back else Mark.TIGHTER if forth else Mark.LOOSER


def _plain(old: Any, new: Any) -> Mark:
    if old is None or new is None:
        return Mark.ADDED if old is None else Mark.REMOVED
    return Mark.CHANGED


def _ranked(ranks: tuple[tuple[str, ...], ...], old: str | None, new: str | None) -> Mark:
    if old is None or new is None:
        return _plain(old, new)
    one, other = (next(n for n, words in enumerate(ranks) if word in words) for word in (old, new))
    return Mark.LOOSER if other > one else Mark.TIGHTER if other < one else Mark.CHANGED


def _only_where_clear(key: Key, old: Any, new: Any) -> Mark:
    """By the direction of another key, where it tells the two apart."""
    there, back = directed(key, old, new), directed(key, new, old)
    return there if (there is Mark.LOOSER) != (back is Mark.LOOSER) else Mark.CHANGED


def _clip(change: Change) -> Mark:
    """A clip that is not written is the one above it: of the leg, then of `size`, then of the policy."""
    old, new = (_clip_in(leaves, change.path) for leaves in (change.before, change.after))
    return Mark.CHANGED if old == new else directed(TABLE["clip"], old, new)


def _clip_in(leaves: Leaves, path: Path) -> Any:
    places = (path, ("size", "target"), ("clip",))
    return next((leaves.of(*one) for one in places if leaves.of(*one) is not None), None)


def _min_hedge(change: Change) -> Mark:
    """Nothing is smaller than the venue's minimum."""
    least = (VENUE_MINIMUM,)
    if least in (change.old, change.new):
        return Mark.LOOSER if change.old == least else Mark.TIGHTER
    return directed(TABLE["limits.min_hedge"], change.old, change.new)


def _size(change: Change) -> Mark:
    """A larger amount is looser; what is meant by a word cannot be compared."""
    if change.old is None or change.new is None or None in (change.old.amount, change.new.amount):
        return _plain(change.old, change.new)
    return _only_where_clear(TABLE["clip"], change.old.amount, change.new.amount)


def _price(change: Change) -> Mark:
    if change.old is None or change.new is None:
        return _plain(change.old, change.new)
    return _only_where_clear(_LADDER, (change.old,), (change.new,))


def _ladder(change: Change) -> Mark:
    """A ladder in place of a market order is held against that order's cap."""
    old, new = change.old, change.new
    if old is None and _is_market(change.before, change.path):
        cap, far = change.before.of(*change.path[:-1], "cap"), new[-1]
        through = far.direction == "through"
        return directed(_CAP, cap, far.distance) if through and cap != far.distance else Mark.ADDED
    if new is None and _is_market(change.after, change.path):
        return Mark.REMOVED
    return directed(_LADDER, old, new)


def _cap(change: Change) -> Mark:
    """A cap belongs to a market order: without one it bounds nothing."""
    if change.new is None and not _is_market(change.after, change.path):
        return Mark.REMOVED
    if change.old is None and not _is_market(change.before, change.path):
        return Mark.ADDED
    return directed(_CAP, change.old, change.new)


def _is_market(leaves: Leaves, path: Path) -> bool:
    return bool(leaves.of(*path[:2], "take", "type") == "market")


def _skip(change: Change) -> Mark:
    """Leaving out a stop is looser, and so is a market order that was left out."""
    if change.new and kind_at(change.after, change.path) in _PROOFS:
        return Mark.LOOSER
    return Mark.LOOSER if change.old and _is_market(change.after, change.path) else Mark.CHANGED


def _then(change: Change) -> Mark:
    """Done where a check stood, or where a check said no, is looser."""
    if change.old is None or change.new is None:
        return _plain(change.old, change.new)
    done = [one.kind is TargetKind.DONE for one in (change.old, change.new)]
    unproved = kind_at(change.before, change.path) == "verify" and change.path[-1] != "ok"
    sides = ((change.old, change.before), (change.new, change.after))
    checked = [unproved or kind_at(leaves, ("phases", one.phase)) == "verify" for one, leaves in sides]
    if done == [False, True] and checked[0]:
        return Mark.LOOSER
    return Mark.TIGHTER if done == [True, False] and checked[1] else Mark.CHANGED


def _patience(change: Change) -> Mark:
    """A rule that does nothing holds others back: it is tighter when it waits longer."""
    idle = (change.after.of(*change.path[:-1], "do") or "").startswith("nothing")
    return Mark.LOOSER if (change.new > change.old) is not idle else Mark.TIGHTER


def _action(change: Change) -> Mark:
    return _ranked(_ACTS, change.old.split(" ")[0], change.new.split(" ")[0])


_JUDGES: Mapping[str, Callable[[Change], Mark]] = {
    "clip": _clip,
    "legs.*.clip": _clip,
    "limits.min_hedge": _min_hedge,
    "phases.*.rest.qty": _size,
    "phases.*.take.qty": _size,
    "phases.*.rest.at": _price,
    "phases.*.take.ladder": _ladder,
    "phases.*.take.cap": _cap,
    "phases.*.skip": _skip,
    "phases.*.then.*": _then,
    "rules.#.for": _patience,
    "rules.#.do": _action,
}


def mark_whole(path: Path, pattern: str, leaves: Leaves, other: Leaves, *, added: bool) -> Mark:
    """The mark of a thing that only one policy has; `leaves` are the values of that one."""
    gone = Mark.LOOSER if not added else Mark.ADDED
    kept = Mark.ADDED if added else Mark.REMOVED
    inside = leaves.below(path)
    if pattern == "phases.*.rest.reprice":  # without it an order is never moved
        return Mark.LOOSER if added else Mark.TIGHTER
    if pattern == "size":
        return _sizing(leaves, other, added=added)
    if path[0] == "phases":
        market = added and _is_market(leaves, path) and not leaves.of(*path[:2], "skip")
        return Mark.LOOSER if market else gone if kind_at(leaves, path) in _PROOFS else kept
    if path[0] == "rules":
        return _rule(leaves, path, added=added)
    if path[0] == "legs" or not any(_is_limit(leaf) for leaf in inside.values()):
        return kept
    return Mark.TIGHTER if added else Mark.LOOSER


def _is_limit(leaf: Leaf) -> bool:
    key = TABLE.get(leaf.pattern)
    return key is not None and bool(key.tight)


def _sizing(leaves: Leaves, other: Leaves, *, added: bool) -> Mark:
    """`size` puts its target in place of the clip, and holds it against the book."""
    if not added:
        return Mark.LOOSER
    clip, target = other.of("clip"), leaves.of("size", "target")
    return Mark.TIGHTER if clip in (None, target) else directed(TABLE["clip"], clip, target)


def _rule(leaves: Leaves, path: Path, *, added: bool) -> Mark:
    """A rule that does something protects; one that does nothing keeps those after it from acting."""
    does, when = leaves.of(*path, "do").split(" ")[0], leaves.of(*path, "when")
    if does == "nothing" and when != OTHERWISE:
        return Mark.LOOSER if added else Mark.TIGHTER
    if does in _ACTS[0] and not added:
        return Mark.LOOSER
    return Mark.ADDED if added else Mark.REMOVED
