"""Which column on the right of a diagram leads to which node: one lane a target, short ones inside."""

from collections.abc import Iterable

import msgspec

from dnkit.policies.explain.diagram.graph import ANYWHERE, Edge, Lead, Part

COLUMNS_MAX = 6
# Places of a node from top to bottom, for telling whether two lanes meet: the box itself, the rows whose
# lanes go up, the rows whose lanes go down.
_BOX, _UP, _DOWN, _PLACES = 0, 1, 2, 3


class Span(msgspec.Struct, frozen=True):
    """How far the lane of a target reaches, in places."""

    target: int
    top: int
    bottom: int


def is_down(edge: Edge) -> bool:
    """Whether the edge runs straight down into the very next box."""
    return edge.lead is Lead.PHASE and edge.source != ANYWHERE and edge.to == edge.source + 1


def columns(part: Part) -> dict[int, int]:
    """Target -> column, 0 nearest to the boxes. Targets beyond COLUMNS_MAX lanes abreast are left out."""
    taken: list[list[Span]] = []
    found = {}
    for span in sorted(_spans(part), key=lambda one: (one.bottom - one.top, one.top)):
        free = next((at for at, lane in enumerate(taken) if not any(_meet(span, one) for one in lane)), None)
        if free is None and len(taken) < COLUMNS_MAX:
            taken.append([])
            free = len(taken) - 1
        if free is not None:
            taken[free].append(span)
            found[span.target] = free
    return found


def _spans(part: Part) -> Iterable[Span]:
    places: dict[int, list[int]] = {}
    for edge in part.edges:
        if edge.lead is Lead.PHASE and edge.source != ANYWHERE and not is_down(edge):
            row = _UP if edge.to <= edge.source else _DOWN
            here = places.setdefault(edge.to, [edge.to * _PLACES + _BOX])
            here.append(edge.source * _PLACES + row)
    return (Span(target, min(here), max(here)) for target, here in places.items())


def _meet(one: Span, other: Span) -> bool:
    return one.top <= other.bottom and other.top <= one.bottom
