"""The explored states as pictures, and walks held against them."""


from dnkit.analysis.explore import Graph
from dnkit.engine.state import Answer, Stage
from dnkit.model import events as ev
from tests.analysis.walks.picture import Key, Spans, excuse, key_of, spans_of
from tests.analysis.walks.walk import Walk


class Explored:
    """All explored states of a graph by picture: with the fewest faults, within which spans."""

    def __init__(self, graph: Graph) -> None:
        self.ground = graph.ground
        self._boxes: dict[Key, set[tuple[int, Spans]]] = {}
        for node, faults in zip(graph.nodes, graph.faults, strict=True):
            key = key_of(graph.ground, *_seen(node))
            self._boxes.setdefault(key, set()).add((faults, spans_of(node)))

    def has(self, key: Key, truth: tuple[int, ...], faults: int) -> bool:
        """Whether some explored state has that key, and within so many faults may hold those positions."""
        return any(
            least <= faults and all(low <= lots <= high for lots, (low, high) in zip(truth, spans, strict=True))
            for least, spans in self._boxes.get(key, ())
        )

    def boxes(self, key: Key) -> set[tuple[int, Spans]]:
        return self._boxes.get(key, set())


def _seen(node):
    return node[0], node[1].down


class Departure(Exception):
    """A walk that left the explored states: its seed, what happened last, before and after."""


class Count:
    """What was compared. `excused` by reason."""

    def __init__(self) -> None:
        self.compared = 0
        self.excused: dict[str, int] = {}
        self.ends: dict[str, int] = {}
        self.walks = self.faults = self.events = 0


class Judge:
    def __init__(self, explored: Explored, count: Count) -> None:
        self.explored, self.count = explored, count
        self.last = None
        self.heard = self.died = False
        self.why = ""

    def __call__(self, walk: Walk, event: ev.Event) -> None:
        state, down = walk.state, walk.down
        lists = state.stage is Stage.LEAVE and any(leg.answer is Answer.ASKED for leg in state.legs)
        self.heard = lists and (self.heard or isinstance(event, ev.OrderFact))
        paused = "a job that pauses"
        self.died = state.stage is Stage.LEAVE and (self.died or (isinstance(event, ev.Restarted) and self.why == paused))
        why = excuse(state, down) or ("an order heard of while the run lists its orders" if self.heard else "")
        why = why or ("a crash while a job paused" if self.died else "")
        self.why = why
        if why:
            self.count.excused[why] = self.count.excused.get(why, 0) + 1
            return
        key = key_of(self.explored.ground, state, down)
        self.count.compared += 1
        if not self.explored.has(key, walk.truth, walk.used):
            raise Departure(walk.seed, len(walk.log), event, key, walk.truth, walk.used, self.explored.boxes(key), self.last)
        self.last = (key, walk.truth, walk.used)
