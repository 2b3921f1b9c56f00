"""Differences of two policies, one row each, in the order of the new file."""

from collections.abc import Iterator

import msgspec

from dnkit.policies.compare.leaves import Leaf, Leaves, Path, whole, whole_text
from dnkit.policies.compare.marks import Change, Mark, mark, mark_whole


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One difference: a dotted path, the text before and after (None where nothing is said), its mark."""

    where: str
    old: str | None
    new: str | None
    mark: Mark

    @property
    def looser(self) -> bool:
        """Whether the new policy may do more."""
        return self.mark is Mark.LOOSER


def rows_of(before: Leaves, after: Leaves) -> tuple[Row, ...]:
    """Every difference once; what only one policy has is one row, however many keys it is made of."""
    paths = dict.fromkeys((*after.found, *before.found))
    found = (row for path in paths for row in _rows_at(path, before, after))
    return tuple({row.where: row for row in found}.values())


def _rows_at(path: Path, before: Leaves, after: Leaves) -> Iterator[Row]:
    old, new = before.found.get(path), after.found.get(path)
    if path[-1] == "order":
        yield from _order(path, old, new)
    elif old is None and new is not None:
        yield from _one_sided(path, new, after, before, added=True)
    elif new is None and old is not None:
        yield from _one_sided(path, old, before, after, added=False)
    else:
        yield from _value(path, old, new, before, after)


def _one_sided(path: Path, leaf: Leaf, leaves: Leaves, other: Leaves, *, added: bool) -> Iterator[Row]:
    thing = whole(path, leaf.pattern, other)
    if thing is not None:
        pattern = ".".join(leaf.pattern.split(".")[: len(thing)])
        text = whole_text(leaves, thing)
        told = mark_whole(thing, pattern, leaves, other, added=added)
        yield _row(thing, None if added else text, text if added else None, told)
        return
    meant = other.default(path, leaf.pattern)
    if added:
        yield from _value(path, meant, leaf, other, leaves)
    else:
        yield from _value(path, leaf, meant, leaves, other)


def _value(path: Path, old: Leaf | None, new: Leaf | None, before: Leaves, after: Leaves) -> Iterator[Row]:
    leaf = new or old
    was, now = (one.value if one else None for one in (old, new))
    if leaf is None or was == now:
        return
    change = Change(path, leaf.pattern, was, now, before, after)
    yield _row(path, old.text if old else None, new.text if new else None, mark(change))


def _order(path: Path, old: Leaf | None, new: Leaf | None) -> Iterator[Row]:
    """The order of those both have: of legs, and of rules, where the first that matches acts."""
    if old is None or new is None:
        return
    ours = [one for one in old.value if one in new.value]
    theirs = [one for one in new.value if one in old.value]
    if ours != theirs:
        yield _row(path, old.text, new.text, Mark.CHANGED)


def _row(path: Path, old: str | None, new: str | None, told: Mark) -> Row:
    return Row(where=".".join(path), old=old, new=new, mark=told)
