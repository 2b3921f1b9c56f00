"""A share that the number of runs cannot show.

Even if none of n runs fails, what they show at 95 % confidence is a share of at least 0.05^(1/n) and no more:
a worse one gives such a row by chance once in twenty times. So a share p takes the least n with p^n <= 0.05.
"""

from collections.abc import Iterator
from decimal import ROUND_FLOOR, Context, Decimal

from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.rules.subject import Subject
from dnkit.policies.unit_texts import show_number

CODE = "DNK444"
CHANCE = Decimal("0.05")
EXACT = Context(prec=60)  # no power of a share written in 18 digits comes so near to 1/20 without being it
SHARES = ("success", "fills")


def check(subject: Subject) -> Iterator[Diagnostic]:
    """`targets.success` and `targets.fills` against `targets.runs`."""
    targets = subject.policy.targets
    if targets is None:
        return
    for key, share in zip(SHARES, (targets.success, targets.fills), strict=True):
        least = runs_for(share) if share is not None else 0
        if share is None or (least is not None and targets.runs is not None and targets.runs >= least):
            continue
        shown = f"{show_number(share)}%"
        yield subject.finding(
            CODE, _said(shown, least, targets.runs), "targets", key, help=_help(least, targets.runs)
        )


def _said(shown: str, least: int | None, runs: int | None) -> str:
    if least is None:
        return f"no number of runs shows {shown}: the next one may be the one that leaves a leg naked"
    if runs is None:
        return f"{shown} of how many runs? Fewer than {least:,} cannot show it, not even without a failure"
    best = show_number(_best(runs))
    return f"{runs:,} runs cannot show {shown}: even if none of them fails they show {best}%"


def _help(least: int | None, runs: int | None) -> str:
    if least is None:
        return "write a share below 100%, such as 99%: 299 runs without a failure show it"
    return f"{'write' if runs is None else 'it takes'} `runs: {least}` or more"


def runs_for(percent: Decimal) -> int | None:
    """The fewest runs without a failure that show a share; None where no number does."""
    if percent >= 100:
        return None
    high = 1
    while _by_chance(percent, high) > CHANCE:
        high *= 2
    low = high // 2
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (middle, high) if _by_chance(percent, middle) > CHANCE else (low, middle)
    return high


def _by_chance(percent: Decimal, runs: int) -> Decimal:
    """How likely so many runs in a row end well where the share is `percent`."""
    return EXACT.power(EXACT.divide(percent, Decimal(100)), runs)


def _best(runs: int) -> Decimal:
    """The share that many runs without a failure show, in percent, rounded down to a tenth."""
    share = EXACT.power(CHANCE, EXACT.divide(Decimal(1), Decimal(runs)))
    return (share * 100).quantize(Decimal("0.1"), ROUND_FLOOR)
