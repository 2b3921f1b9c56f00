"""Where the phases of a policy lead: outcomes, the targets of those not written, reachability and loops."""

from collections.abc import Iterable, Mapping

from dnkit.machine.program import OUTCOMES, Outcome, PhaseKind, TargetKind
from dnkit.policies.bind import Bound
from dnkit.policies.diagnostics import Related, Span, did_you_mean
from dnkit.policies.keys import KINDS
from dnkit.policies.policy import Goto

PAIR_ONLY = (Outcome.FIRST,)
_SPOILS = (
    "DNK020",
    "DNK030",
    "DNK101",
    "DNK203",
    "DNK204",
    "DNK207",
)  # after these the graph is not the author's
HALTS_AT_END = (Outcome.REFUSED, Outcome.FIRST)


def kind_of(bound: Bound, phase: str) -> PhaseKind | None:
    """The kind of a phase as written; None when it has none or several."""
    kinds = [one for one in KINDS if bound.has("phases", phase, one)]
    return PhaseKind(kinds[0]) if len(kinds) == 1 else None


def outcomes_of(kind: PhaseKind, legs: int) -> tuple[Outcome, ...]:
    """Outcomes a phase can have; `first` needs two legs."""
    return tuple(one for one in OUTCOMES[kind] if legs > 1 or one not in PAIR_ONLY)


def check_flow(bound: Bound) -> None:
    """Targets and outcomes exist, every phase can be reached, every loop is bounded, the last phase
    leads somewhere."""
    phases = bound.names("phases")
    edges = {phase: _edges(bound, phase, phases) for phase in phases}
    roots = [*phases[:1], *_other_targets(bound, phases)]
    if bound.found and any(one.code in _SPOILS for one in bound.found):
        return
    _check_reached(bound, edges, roots)
    _check_loops(bound, edges)


def legs_in(bound: Bound, phase: str, kind: PhaseKind) -> int:
    """How many legs a phase works on."""
    return max(1, bound.count("phases", phase, kind.value, "legs"))


def _edges(bound: Bound, phase: str, phases: tuple[str, ...]) -> tuple[str, ...]:
    kind = kind_of(bound, phase)
    if kind is None:
        return ()
    able = outcomes_of(kind, legs_in(bound, phase, kind))
    written = bound.names("phases", phase, "then")
    for word in written:
        _check_outcome(bound, phase, word, kind, able)
    found = [_phase_of(bound, ("phases", phase, "then", word), phases) for word in written]
    open_ended = [one for one in able if one.value not in written]
    if open_ended:
        found.append(_next_phase(bound, phase, phases, open_ended))
    return tuple(one for one in found if one)


def _check_outcome(bound: Bound, phase: str, word: str, kind: PhaseKind, able: tuple[Outcome, ...]) -> None:
    words = [one.value for one in able] + [Outcome.EXHAUSTED.value]
    if word in words:
        return
    message = f"`{kind.value}` has no outcome `{word}`"
    if word in [one.value for one in OUTCOMES[kind]]:
        message = f"`{word}` needs a phase with two legs"
    bound.say("DNK203", message, _key_span(bound, phase, word), did_you_mean(word, words))


def _key_span(bound: Bound, phase: str, word: str) -> Span:
    node = bound.nodes.get(("phases", phase, "then"))
    keys = (
        (entry.key.span for entry in node.entries if entry.key.text == word) if node is not None else iter(())
    )
    return next(keys, bound.place("phases", phase, "then", word))


def _next_phase(bound: Bound, phase: str, phases: tuple[str, ...], outcomes: list[Outcome]) -> str:
    after = phases[phases.index(phase) + 1 :]
    if after:
        return after[0]
    missing = [one.value for one in outcomes if one not in HALTS_AT_END]
    if missing:
        span = bound.place("phases", phase)
        words = ", ".join(missing)
        bound.say(
            "DNK205",
            f"`{phase}` is the last phase and says nothing for: {words}",
            span,
            f"add `then: {{{missing[0]}: ...}}`",
        )
    return ""


def _phase_of(bound: Bound, route: tuple[str, ...], phases: tuple[str, ...]) -> str:
    goto = bound.values.get(route)
    if not isinstance(goto, Goto) or goto.kind is not TargetKind.PHASE:
        return ""
    if goto.phase in phases:
        return goto.phase
    bound.say(
        "DNK101",
        f"there is no phase `{goto.phase}`",
        bound.place(*route),
        did_you_mean(goto.phase, (*phases, "done", "halt")),
    )
    return ""


def _other_targets(bound: Bound, phases: tuple[str, ...]) -> list[str]:
    found = [
        _phase_of(bound, route, phases)
        for route in (("stop",), ("limits", "deadline", "then"), ("limits", "max_unhedged", "then"))
    ]
    recover = bound.values.get(("recover",))
    if recover is not None and recover not in phases:
        bound.say(
            "DNK101", f"there is no phase `{recover}`", bound.place("recover"), did_you_mean(recover, phases)
        )
    elif recover is not None:
        found.append(recover)
    return [one for one in found if one]


def _check_reached(bound: Bound, edges: Mapping[str, tuple[str, ...]], roots: list[str]) -> None:
    reached: dict[str, None] = {}
    waiting = list(roots)
    while waiting:
        phase = waiting.pop()
        if phase not in reached:
            reached[phase] = None
            waiting += edges[phase]
    for phase in edges:
        if phase not in reached:
            bound.say(
                "DNK201",
                f"phase `{phase}` is never reached",
                bound.place("phases", phase),
                "lead an outcome there or delete it",
            )


def _check_loops(bound: Bound, edges: Mapping[str, tuple[str, ...]]) -> None:
    """Every loop needs a phase that may be entered more than once; without those no loop may be left."""
    bounded = [phase for phase in edges if bound.has("phases", phase, "visits")]
    plain = {
        phase: [one for one in to if one not in bounded]
        for phase, to in edges.items()
        if phase not in bounded
    }
    for phase in _in_loop(plain):
        start = bound.place("phases", phase)
        closing = next(one for one in plain if phase in plain[one])
        back = Related(bound.place("phases", closing), f"`{closing}` leads back to it")
        bound.say(
            "DNK202",
            f"`{phase}` is part of a loop without `visits`",
            start,
            f"add `visits: 2` to `{phase}`",
            related=(back,),
        )


def _in_loop(edges: Mapping[str, Iterable[str]]) -> list[str]:
    """One phase of each loop: what closes a path of the walk."""
    done: dict[str, bool] = {}
    found: dict[str, None] = {}
    for start in edges:
        walk = [(start, False)]
        while walk:
            phase, leaving = walk.pop()
            if leaving:
                done[phase] = True
                continue
            if phase in done:
                if not done[phase]:
                    found[phase] = None
                continue
            done[phase] = False
            walk.append((phase, True))
            walk += [(one, False) for one in edges[phase]]
    return list(found)
