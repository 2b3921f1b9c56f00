"""What `dnkit prove` found, in lines for a human and as JSON."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from dnkit.analysis.odds.report import Odds, odds_lines
from dnkit.analysis.proof import NONE, Bounds, Promise, Proof, Standing, Story, Verdict
from dnkit.analysis.properties import PROPERTIES
from dnkit.cli import out
from dnkit.cli.prove_odds import odds_content
from dnkit.cli.prove_subjects import Subject
from dnkit.cli.proving import counted, story_lines
from dnkit.machine.program import Program
from dnkit.model.numbers import from_mbps, from_pico
from dnkit.policies.explain.words import seconds, show_bps, show_money
from dnkit.readers.stats import seconds as exact_seconds
from dnkit.readers.stats import tidy

NAMES = {one.id: one.name for one in PROPERTIES}
SAYS = {one.id: one.says for one in PROPERTIES}
MARKS = {Standing.HOLDS: "✓", Standing.BROKEN: "✗", Standing.OPEN: "?"}
PLAIN_MARKS = {Standing.HOLDS: "ok", Standing.BROKEN: "NO", Standing.OPEN: "?"}
NOTHING = "-"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one machine: the verdicts that were asked for; of a program also its proof (`cached`:
    from an earlier command), what is promised at the depth that was asked for, and the odds.
    """

    subject: Subject
    verdicts: tuple[Verdict, ...]
    program: Program | None = None
    proof: Proof | None = None
    cached: bool = False
    promise: Promise | None = None
    odds: Odds | None = None

    @property
    def standing(self) -> Standing:
        """BROKEN when anything is that was asked for, OPEN when it is not decided."""
        if any(one.standing is Standing.BROKEN for one in self.verdicts):
            return Standing.BROKEN
        if self.promise is not None and not self.promise.certain:
            return Standing.BROKEN
        cut = self.proof is not None and not self.proof.complete
        return Standing.OPEN if cut or any(_is_open(one) for one in self.verdicts) else Standing.HOLDS


def _is_open(one: Verdict) -> bool:
    return one.standing is Standing.OPEN


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of two policies, for one reason ("": for none)."""

    first: str
    second: str
    reason: str
    verdict: Verdict

    @property
    def standing(self) -> Standing:
        """That of the verdict."""
        return self.verdict.standing


# --- for people -----------------------------------------------------------------------------------


def lines(found: Found, *, frontier: bool, verbose: bool) -> Iterator[str]:
    """All lines about one machine."""
    yield _head(found)
    yield from _verdict_lines(found.verdicts, verbose=verbose)
    if found.proof is not None and found.program is not None:
        yield from _figures(found.program, found.proof, frontier=frontier)
    if found.promise is not None:
        yield _promise_line(found.promise)
    if found.odds is not None:
        yield "  by what was counted:"
        yield from (f"    {line}" for line in odds_lines(found.odds))
    for one in found.verdicts:
        if one.standing is Standing.BROKEN and one.story is not None:
            yield f"{one.id}: {one.text}"
            yield from (f"  {line}" for line in story_lines(one.story))
    yield _result(found)
    yield ""


def pair_lines(pair: Pair) -> Iterator[str]:
    """All lines about two policies."""
    when = f", when the reason is `{pair.reason}`" if pair.reason else ""
    yield f"{pair.first} and {pair.second}{when}"
    yield from _verdict_lines((pair.verdict,), verbose=False)
    if pair.verdict.story is not None and pair.verdict.story.scenes:
        yield from (f"  {line}" for line in story_lines(pair.verdict.story))
    yield ""


def _head(found: Found) -> str:
    proof, title = found.proof, found.subject.title
    if proof is None:
        return f"{title}: the rules of a guard"
    cached = " (proved before)" if found.cached else ""
    parts = (counted(proof.states, "state"), counted(proof.setting.faults, "fault"))
    return f"{title}: {', '.join(parts)}, a clip in {proof.setting.chunks} parts{cached}"


def _verdict_lines(verdicts: Sequence[Verdict], *, verbose: bool) -> Iterator[str]:
    marks = MARKS if _shows_marks() else PLAIN_MARKS
    width = max((len(NAMES[one.id]) for one in verdicts), default=0)
    for one in verdicts:
        name = f"{one.id} {NAMES[one.id]:<{width}}"
        yield f"  {marks[one.standing]:<2} {name}  {one.text}"
        if verbose and SAYS[one.id] != one.text:
            yield f"      {SAYS[one.id]}"


def _shows_marks() -> bool:
    try:
        "✓✗".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _result(found: Found) -> str:
    broken = dict.fromkeys(one.id for one in found.verdicts if one.standing is Standing.BROKEN)
    if broken:
        return f"refuted: {', '.join(broken)}"
    if found.standing is Standing.BROKEN:
        return "refuted: the goal is not certain there"
    if found.proof is not None and not found.proof.complete:
        cut = "cut short" if found.proof.states > found.proof.setting.states_max else "interrupted"
        return f"not decided: {cut} after {counted(found.proof.states, 'state')}"
    return "not decided" if found.standing is Standing.OPEN else "proved"


def _promise_line(promise: Promise) -> str:
    faults = counted(promise.faults, "transient fault")
    where = f"with at most {faults} and the book within {show_bps(promise.depth)}"
    if not promise.certain:
        return f"  {where} the goal is not certain"
    return f"  {where} the goal is certain: {_cell(promise)}"


def _figures(program: Program, proof: Proof, *, frontier: bool) -> Iterator[str]:
    if proof.bounds:
        yield "  the worst of all runs:"
        yield from _indented(_bounds_table(program, proof.bounds))
    if frontier and proof.frontier:
        yield "  the goal is certain with so many transient faults, if the book holds the quantity within:"
        yield from _indented(_frontier_table(proof.frontier))


def _indented(text: str) -> Iterator[str]:
    return (f"    {line}" for line in text.splitlines())


def _bounds_table(program: Program, bounds: Sequence[Bounds]) -> str:
    names = [spec.name for spec in program.legs]
    heads = ("faults", "any end", "goal", "naked", "unhedged", "over the limit")
    per_leg = [f"{what} {name}" for what in ("paid", "orders", "cancels", "reads") for name in names]
    return out.table((*heads, *per_leg), [_bounds_row(one) for one in bounds])


def _bounds_row(one: Bounds) -> list[str]:
    times = (one.time_ns, one.goal_ns, one.naked_ns)
    return [
        str(one.faults),
        *(_or_nothing(seconds, ns) for ns in times),
        _or_nothing(show_money, one.unhedged),
        _or_nothing(seconds, one.unhedged_ns),
        *(_or_nothing(show_bps, mbps) for mbps in one.concession),
        *(str(count) for counts in (one.orders, one.cancels, one.reads) for count in counts),
    ]


def _or_nothing(show: Callable[[int], str], value: int) -> str:
    return NOTHING if value == NONE else show(value)


def _frontier_table(promises: Sequence[Promise]) -> str:
    depths = tuple(dict.fromkeys(one.depth for one in promises))
    cells = {(one.faults, one.depth): _cell(one) for one in promises}
    heads = ("faults", *("any book" if depth == NONE else show_bps(depth) for depth in depths))
    rows = [
        (str(faults), *(cells.get((faults, depth), NOTHING) for depth in depths))
        for faults in sorted({one.faults for one in promises})
    ]
    return out.table(heads, rows)


def _cell(promise: Promise) -> str:
    if not promise.certain:
        return "no"
    return f"{seconds(promise.time_ns)}, {show_bps(sum(promise.concession))}"


# --- for programs ---------------------------------------------------------------------------------


def content(
    found: Sequence[Found], pairs: Sequence[Pair], trace: Path | None, *, interrupted: bool
) -> dict[str, object]:
    """What `--json` tells."""
    return {
        "interrupted": interrupted,
        "proofs": [_content(one) for one in found],
        "pairs": [_pair_content(one) for one in pairs],
        "trace": None if trace is None else str(trace),
    }


def _pair_content(pair: Pair) -> dict[str, object]:
    return {
        "first": pair.first,
        "second": pair.second,
        "reason": pair.reason,
        "verdict": _verdict_content(pair.verdict),
    }


def _content(found: Found) -> dict[str, object]:
    proof = found.proof
    return {
        "policy": found.subject.name,
        "file": found.subject.source.path,
        "reasons": [one for one in found.subject.reasons if one],
        "plain": "" in found.subject.reasons,
        "digest": proof and proof.digest,
        "standing": found.standing,
        "complete": proof is None or proof.complete,
        "cached": found.cached,
        "setting": proof and proof.setting,
        "states": proof and proof.states,
        "moves": proof and proof.moves,
        "tolerance": proof and proof.tolerance,
        "verdicts": [_verdict_content(one) for one in found.verdicts],
        "bounds": [_bounds_content(one) for one in proof.bounds] if proof else [],
        "frontier": [_promise_content(one) for one in proof.frontier] if proof else [],
        "promise": found.promise and _promise_content(found.promise),
        "odds": found.odds and odds_content(found.odds),
    }


def _verdict_content(one: Verdict) -> dict[str, object]:
    return {
        "id": one.id,
        "name": NAMES[one.id],
        "standing": one.standing,
        "text": one.text,
        "story": one.story and _story_content(one.story),
    }


def _story_content(story: Story) -> dict[str, object]:
    return {"faults": story.faults, "scenes": story.scenes, "moves": story.moves}


def _bounds_content(one: Bounds) -> dict[str, object]:
    return {
        "faults": one.faults,
        "time_s": _known(exact_seconds, one.time_ns),
        "goal_s": _known(exact_seconds, one.goal_ns),
        "naked_s": _known(exact_seconds, one.naked_ns),
        "unhedged": _known(lambda picos: tidy(from_pico(picos)), one.unhedged),
        "unhedged_s": _known(exact_seconds, one.unhedged_ns),
        "concession_bps": [_known(from_mbps, mbps) for mbps in one.concession],
        "pair_bps": _known(from_mbps, one.pair),
        "orders": one.orders,
        "cancels": one.cancels,
        "reads": one.reads,
    }


def _known(show: Callable[[int], object], value: int) -> object:
    return None if value == NONE else show(value)


def _promise_content(one: Promise) -> dict[str, object]:
    return {
        "faults": one.faults,
        "depth_bps": _known(from_mbps, one.depth),
        "certain": one.certain,
        "time_s": exact_seconds(one.time_ns) if one.certain else None,
        "concession_bps": [from_mbps(mbps) for mbps in one.concession],
    }
