"""Alternated measuring, medians and spreads; one Row per figure."""

import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from statistics import median

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One figure. `value` and `against` are medians in `unit` over `pairs` alternated pairs, `ratio` theirs.

    `spread` is the full range of the pairs' own ratios. `goal` is in words; `met` is None where there is
    none or the figure could not be taken (`note` says why).
    """

    name: str
    value: float | None = None
    unit: str = ""
    against_name: str = ""
    against: float | None = None
    ratio: float | None = None
    spread: tuple[float, float] | None = None
    pairs: int = 0
    goal: str = ""
    met: bool | None = None
    note: str = ""


class Pairs(msgspec.Struct, frozen=True):
    """Samples of two things measured in turn."""

    first: tuple[float, ...]
    second: tuple[float, ...]

    @property
    def medians(self) -> tuple[float, float]:
        """Median of each."""
        return median(self.first), median(self.second)

    @property
    def ratio(self) -> float:
        """Ratio of the medians."""
        one, other = self.medians
        return one / other

    @property
    def spread(self) -> tuple[float, float]:
        """Smallest and largest ratio of a pair."""
        each = [one / other for one, other in zip(self.first, self.second, strict=True)]
        return min(each), max(each)


def alternate(pairs: int, first: Callable[[], float], second: Callable[[], float]) -> Pairs:
    """Measure two things in turn, after one warm-up of each; every second pair in the opposite order."""
    first(), second()
    ones, others = [], []
    for number in range(pairs):
        if number % 2:
            others.append(second())
            ones.append(first())
        else:
            ones.append(first())
            others.append(second())
    return Pairs(tuple(ones), tuple(others))


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def machine() -> dict[str, str]:
    """What the figures were taken on."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "cpu": _cpu(),
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "system": f"{platform.system()} {platform.release()}",
        "load": " ".join(f"{one:.2f}" for one in os.getloadavg()),
    }


def _cpu() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def table(rows: Sequence[Row], about: dict[str, str]) -> str:
    """The rows as plain text."""
    lines = [", ".join(f"{name} {value}" for name, value in about.items()), ""]
    for row in rows:
        lines.append(f"{_verdict(row):7} {row.name}")
        if row.value is not None:
            lines.append(f"        {_number(row.value)} {row.unit}{_against(row)}")
        lines += [f"        {text}" for text in (row.goal and f"goal: {row.goal}", row.note) if text]
    return "\n".join(lines)


def _verdict(row: Row) -> str:
    if row.value is None:
        return "SKIPPED"
    return {True: "met", False: "MISSED", None: "-"}[row.met]


def _against(row: Row) -> str:
    if row.against is None or row.ratio is None:
        return ""
    text = f"; {row.against_name}: {_number(row.against)}; ratio {row.ratio:.2f}"
    if row.spread is not None:
        text += f" ({row.spread[0]:.2f} to {row.spread[1]:.2f} in {row.pairs} pairs)"
    return text


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def skipped(name: str, why: str, goal: str = "") -> Row:
    """A figure that could not be taken: a shortfall, with its reason."""
    print(f"{name}: {why}", file=sys.stderr)
    return Row(name=name, note=why, goal=goal)
