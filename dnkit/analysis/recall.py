"""Hops met before. As long as a run stays in its phase the engine does not look at how often phases were
entered: states that differ in nothing else take the same hops. One reuse in so many is made by the engine
again and compared.
"""

from msgspec.structs import replace

from dnkit.analysis.ground import Ground
from dnkit.analysis.hop import Hop, Node, hop_of
from dnkit.analysis.move import Move
from dnkit.model.errors import BugError

CHECK_EVERY = 97
Kept = dict[object, Hop]


class Recall:
    """Hops by the state they leave, without its visits, and by which of its hops they are."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._known: dict[object, Kept] = {}
        self._reused = 0

    def at(self, node: Node, left: int) -> Kept:
        """The hops of a state that were met, filled by `hop`; with no fault `left` they are fewer."""
        plain = replace(node[0], visits=()), node[1], left > 0
        known = self._known.get(plain)
        if known is None:
            known = self._known[plain] = {}
        return known

    def hop(self, kept: Kept, key: object, node: Node, move: Move) -> Hop | None:
        """Where the move leads, which is the one called `key` among the moves of its state."""
        found = kept.get(key)
        if found is None or found.node is None:
            hop = hop_of(self._ground, node, move)
            if hop is not None and hop.stays:
                kept[key] = hop
            return hop
        state, world = found.node
        hop = replace(found, node=(replace(state, visits=node[0].visits), world))
        self._reused += 1
        if self._reused % CHECK_EVERY == 0 and hop != hop_of(self._ground, node, move):
            raise BugError("visits decide where the exploration takes them not to")
        return hop
