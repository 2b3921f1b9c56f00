"""Where the phases of a policy lead: outcomes, and the targets of those not written."""

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import TypeVar

from dnkit.machine.program import OUTCOMES, Outcome, PhaseKind, TargetKind
from dnkit.policies.bind import Bound, Graph
from dnkit.policies.keys import KINDS
from dnkit.policies.policy import Goto
from dnkit.policies.source import shown

Phase = TypeVar("Phase", str, int)
PAIR_ONLY = (Outcome.FIRST,)
_SPOILS = (
    "DNK020",
    "DNK022",
    "DNK030",
    "DNK101",
    "DNK203",
    "DNK204",
    "DNK207",
)  # after these the graph is not the author's
_HALTS_AT_END = (Outcome.REFUSED.value, Outcome.FIRST.value)


def kind_of(bound: Bound, phase: str) -> PhaseKind | None:
    """The kind of a phase as written; None when it has none or several."""
    if phase not in bound.kinds:
        kinds = [one for one in bound.names("phases", phase) if one in KINDS]
        bound.kinds[phase] = PhaseKind(kinds[0]) if len(kinds) == 1 else None
    return bound.kinds[phase]


def outcomes_of(kind: PhaseKind, legs: int) -> tuple[Outcome, ...]:
    """Outcomes a phase can have; `first` needs two legs."""
    return tuple(one for one in OUTCOMES[kind] if legs > 1 or one not in PAIR_ONLY)


# The same as words of the language.
_ABLE = {
    (kind, legs): tuple(one.value for one in outcomes_of(kind, legs)) for kind in OUTCOMES for legs in (1, 2)
}


def check_flow(bound: Bound) -> None:
    """Targets and outcomes exist, the last phase leads somewhere; keeps what leads where."""
    phases = bound.names("phases")
    after = {phase: after for phase, after in pairwise((*phases, ""))}
    leads = {phase: _leads(bound, phase, after) for phase in phases}
    roots = (*phases[:1], *_other_targets(bound, after))
    bound.graph = Graph(leads, roots)


def graph(bound: Bound) -> Graph:
    """What leads where; nothing where mistakes in the text leave it open what its author meant."""
    if bound.graph is None or any(one.code in _SPOILS for one in bound.found):
        return Graph({}, ())
    return bound.graph


def reached(leads: Callable[[Phase], Iterable[Phase]], roots: Iterable[Phase]) -> dict[Phase, None]:
    """The phases some way leads to, the roots with them, in the order they are come upon. `leads(phase)` are
    those one leads to; a phase is a name or an index.
    """
    found: dict[Phase, None] = {}
    waiting = list(roots)
    while waiting:
        phase = waiting.pop()
        if phase not in found:
            found[phase] = None
            waiting += leads(phase)
    return found


def _leads(bound: Bound, phase: str, after: Mapping[str, str]) -> tuple[str, ...]:
    """Phases this one leads to. `after` has the phase that follows each phase, "" for the last."""
    kind = kind_of(bound, phase)
    if kind is None:
        return ()
    legs = min(2, max(1, bound.count("phases", phase, kind.value, "legs")))
    able, written = _ABLE[kind, legs], bound.names("phases", phase, "then")
    found = []
    for word in written:
        if word not in able and word != Outcome.EXHAUSTED.value:
            _wrong_outcome(bound, phase, word, kind, able)
        found.append(_phase_of(bound, ("phases", phase, "then", word), after))
    open_ended = [one for one in able if one not in written]
    if open_ended:
        found.append(after[phase] or _open_end(bound, phase, open_ended))
    return tuple(one for one in found if one)


def _wrong_outcome(bound: Bound, phase: str, word: str, kind: PhaseKind, able: tuple[str, ...]) -> None:
    message = f"`{kind.value}` has no outcome `{shown(word)}`: what should follow never would"
    if word in _ABLE[kind, 2]:
        message = f"`{word}` needs a phase with two legs"
    entries = bound.nodes["phases", phase, "then"].entries
    key = next(entry.key for entry in entries if entry.key.text == word)
    more = bound.near(key, word, (*able, Outcome.EXHAUSTED.value))
    bound.say("DNK203", message, key.span, **more)


def _open_end(bound: Bound, phase: str, open_ended: list[str]) -> str:
    missing = [one for one in open_ended if one not in _HALTS_AT_END]
    if missing:
        words = ", ".join(missing)
        said = f"`{phase}` is the last phase and says nothing for {words}: what is open then would stay open"
        bound.say("DNK205", said, bound.place("phases", phase), f"add `then: {{{missing[0]}: ...}}`")
    return ""


def _phase_of(bound: Bound, route: tuple[str, ...], phases: Mapping[str, str]) -> str:
    goto = bound.values.get(route)
    if not isinstance(goto, Goto) or goto.kind is not TargetKind.PHASE:
        return ""
    if goto.phase in phases:
        return goto.phase
    _no_phase(bound, route, goto.phase, (*phases, "done", "halt"))
    return ""


def _no_phase(bound: Bound, route: tuple[str, ...], word: str, words: Iterable[str]) -> None:
    more = bound.near(bound.nodes[route], word, words)
    said = f"there is no phase `{shown(word)}` to go on with: what is open would stay open"
    bound.say("DNK101", said, bound.place(*route), **more)


def _other_targets(bound: Bound, phases: Mapping[str, str]) -> list[str]:
    found = [
        _phase_of(bound, route, phases)
        for route in (("stop",), ("limits", "deadline", "then"), ("limits", "max_unhedged", "then"))
    ]
    recover = bound.values.get(("recover",))
    if recover is not None and recover not in phases:
        _no_phase(bound, ("recover",), recover, phases)
    elif recover is not None:
        found.append(recover)
    return [one for one in found if one]
