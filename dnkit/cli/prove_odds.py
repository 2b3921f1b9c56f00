"""`dnkit prove --odds FILE`: how likely the goal is, by counts of what venues did. Never a guarantee."""

from pathlib import Path

from msgspec.structs import replace

from dnkit.analysis.ground import lay_ground
from dnkit.analysis.odds.frequencies import Frequencies, Sample
from dnkit.analysis.odds.report import Odds, Range, odds_of
from dnkit.analysis.odds.text import read_frequencies
from dnkit.analysis.odds.walk import beginning, choices_of
from dnkit.analysis.proof import Setting
from dnkit.machine.program import Program
from dnkit.model.errors import DnkitError
from dnkit.readers.stats import seconds
from dnkit.runtime.library import read_policy, shown


def frequencies_in(path: Path) -> Frequencies:
    """The frequencies of a file; DnkitError with every mistake in it."""
    text = read_policy(str(path)).text
    read = read_frequencies(text, str(path))
    if read.frequencies is None:
        raise DnkitError(shown(read.diagnostics, {str(path): text}))
    return read.frequencies


def odds_in(program: Program, frequencies: Frequencies, setting: Setting) -> Odds:
    """The odds of a run that starts as the intent expects it, with at most as many faults. NoFrequencies
    where something that matters was never counted.
    """
    ground = lay_ground(program, replace(setting, crashes=False, stops=False, dust=False))
    return odds_of(beginning(ground), choices_of(ground), frequencies)


def odds_content(odds: Odds) -> dict[str, object]:
    """The odds in JSON; shares and expected values are numbers, as they are no amounts."""
    return {
        "goal": _range(odds.goal),
        "halt": _range(odds.halt),
        "by": [{"within_s": seconds(ns), "share": _range(share)} for ns, share in odds.by],
        "mean_s": seconds(odds.mean_ns) if odds.times else None,
        "quantiles": [{"share": share, "s": seconds(ns)} for share, ns in odds.quantiles],
        "cost_mbps": _range(odds.cost),
        "source": odds.source,
        "places": odds.places,
        "samples": [_sample(one) for one in odds.samples],
    }


def _range(found: Range) -> dict[str, float]:
    return {"low": found.low, "point": found.point, "high": found.high}


def _sample(one: Sample) -> dict[str, object]:
    shares = [{"outcome": share.outcome, "count": share.count, "of": share.of} for share in one.shares]
    left_out = [{"outcome": outcome, "count": count} for outcome, count in one.left_out]
    return {"asked": one.asked.text, "shares": shares, "left_out": left_out}
