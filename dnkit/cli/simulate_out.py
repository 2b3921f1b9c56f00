"""What `dnkit simulate` tells, as text and as JSON."""

import shlex
from collections.abc import Iterator, Sequence
from decimal import Decimal

from dnkit.cli import out
from dnkit.cli.proving import counted
from dnkit.cli.simulating import Asked
from dnkit.machine.program import Program
from dnkit.model.numbers import from_pico
from dnkit.readers.stats import Rate, seconds
from dnkit.sim.hostile.campaign import QUANTILES, Outcome, Summary
from dnkit.sim.hostile.referee import Violation

SHOWN_VIOLATIONS = 10
SHOWN_STORY = 30
_CENT = Decimal("0.01")


def summary_lines(asked: Asked, program: Program, figures: Summary, story: Sequence[str]) -> Iterator[str]:
    """The table of a campaign, what was violated, and the worst run."""
    if not figures.runs:
        yield "no run was finished"
        return
    yield out.table(("end", "runs", "share", "95 % interval"), [_end_cells(*one) for one in figures.ends])
    yield ""
    yield out.table(("", *(f"{one} %" for one in QUANTILES)), _figures(program, figures))
    yield ""
    met = ", ".join(f"{word} {count}" for word, count in figures.met)
    yield f"faults, in how many runs: {met or 'none'}"
    told = f"{counted(figures.runs, 'run')}, {figures.lines:,} steps, {counted(figures.deaths, 'kill')}"
    yield f"{told}: {_verdict(figures)}"
    for one in figures.violated[:SHOWN_VIOLATIONS]:
        for violation in one.violations[:2]:
            yield f"  seed {one.seed}: {_violation_words(violation)}"
    yield ""
    yield from _worst(asked, figures.worst, story)


def _verdict(figures: Summary) -> str:
    if not figures.violated:
        return "nothing was violated"
    seeds = ", ".join(str(one.seed) for one in figures.violated[:SHOWN_VIOLATIONS])
    more = ", ..." if len(figures.violated) > SHOWN_VIOLATIONS else ""
    return f"VIOLATED in {counted(len(figures.violated), 'run')} (seeds {seeds}{more})"


def _end_cells(name: str, found: Rate) -> tuple[str, ...]:
    share, low, high = (_percent(one) for one in (found.share, found.low, found.high))
    return name, str(found.hits), share, f"{low} to {high}"


def _percent(share: Decimal | None) -> str:
    return "-" if share is None else f"{share * 100:.1f} %"


def _figures(program: Program, figures: Summary) -> list[tuple[str, ...]]:
    quote = program.legs[0].instrument.quote
    return [
        ("time", *(f"{seconds(one):.1f} s" for one in figures.time_ns)),
        ("naked", *(f"{seconds(one):.1f} s" for one in figures.naked_ns)),
        (f"cost, {quote}", *(_money(one) for one in figures.cost)),
        (f"unhedged, {quote}", *(_money(one) for one in figures.unhedged)),
    ]


def _money(picos: int) -> str:
    return f"{from_pico(picos).quantize(_CENT):f}"


def _violation_words(one: Violation) -> str:
    return f"{one.rule}, at {seconds(one.at_ns)} s: {one.text}"


def _worst(asked: Asked, worst: Outcome | None, story: Sequence[str]) -> Iterator[str]:
    if worst is None:
        return
    yield f"worst run: seed {worst.seed}, {worst.name} after {seconds(worst.time_ns)} s"
    yield from _faults(worst)
    if len(story) > SHOWN_STORY:
        yield f"  ... {counted(len(story) - SHOWN_STORY, 'line')} before"
    yield from (f"  {line}" for line in story[-SHOWN_STORY:])
    yield f"once more, with a journal: {again(asked, worst.seed)}"


def _faults(outcome: Outcome) -> Iterator[str]:
    yield f"  faults: {', '.join(f'{word} {count}' for word, count in outcome.met) or 'none'}"


def again(asked: Asked, seed: int) -> str:
    """The command that runs one seed again."""
    words = ["dnkit", "simulate", asked.policy, "--seed", str(seed), "--faults", asked.faults]
    words += ["--market", asked.market] if asked.market else []
    words += ["--reason", asked.reason] if asked.reason else []
    for flag, values in (("--symbol", asked.symbols), ("--side", asked.sides), ("--clip", asked.clips)):
        words += [word for value in values for word in (flag, value)]
    words += [word for value in asked.books for word in ("--book", value)]
    words += [word for name, value in asked.settings for word in ("--set", f"{name}={value}")]
    return shlex.join(words)


def one_lines(outcome: Outcome, run_id: str, story: Sequence[str]) -> Iterator[str]:
    """The story of one run and what came of it."""
    yield from story
    yield ""
    yield f"{outcome.name} after {seconds(outcome.time_ns)} s: {outcome.text}"
    yield from _faults(outcome)
    for violation in outcome.violations:
        yield f"VIOLATED: {_violation_words(violation)}"
    if not outcome.violations:
        yield "nothing was violated"
    yield f"run {run_id} (what happened: {outcome.digest}): dnkit report {run_id}"


# --- for programs ---------------------------------------------------------------------------------


def content(asked: Asked, figures: Summary, story: Sequence[str]) -> dict[str, object]:
    """A campaign in JSON."""
    return {
        "policy": asked.policy,
        "faults": asked.faults,
        "market": asked.market,
        "first": asked.first,
        "runs": figures.runs,
        "ends": [{"end": name, "share": found} for name, found in figures.ends],
        "quantiles": list(QUANTILES),
        "time_s": [seconds(one) for one in figures.time_ns],
        "naked_s": [seconds(one) for one in figures.naked_ns],
        "cost": [from_pico(one) for one in figures.cost],
        "unhedged": [from_pico(one) for one in figures.unhedged],
        "steps": figures.lines,
        "kills": figures.deaths,
        "met": [{"fault": word, "runs": count} for word, count in figures.met],
        "violated": [run_content(one) for one in figures.violated],
        "worst": None if figures.worst is None else run_content(figures.worst),
        "story": list(story),
    }


def one_content(outcome: Outcome, run_id: str, story: Sequence[str]) -> dict[str, object]:
    """One run in JSON, with its place in the journal and its story."""
    return {"run_id": run_id, **run_content(outcome), "story": list(story)}


def run_content(one: Outcome) -> dict[str, object]:
    """One run of a campaign in JSON."""
    return {
        "seed": one.seed,
        "end": one.end,
        "risk": one.risk,
        "text": one.text,
        "time_s": seconds(one.time_ns),
        "naked_s": seconds(one.naked_ns),
        "cost": from_pico(one.cost),
        "unhedged": from_pico(one.unhedged),
        "steps": one.lines,
        "requests": one.requests,
        "kills": one.deaths,
        "met": [{"fault": word, "times": count} for word, count in one.met],
        "violations": [
            {"rule": each.rule, "at_s": seconds(each.at_ns), "text": each.text} for each in one.violations
        ],
        "digest": one.digest,
    }
