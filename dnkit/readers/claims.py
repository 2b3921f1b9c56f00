"""What a run did against what was proved of its program before it began: a row a bound."""

from collections.abc import Callable, Iterable, Iterator
from decimal import ROUND_CEILING, Decimal

import msgspec

from dnkit.journal.records import Claims
from dnkit.model.alerts import BOUND_EXCEEDED, Alert
from dnkit.model.numbers import MBPS_ONE, ceil_div, from_mbps, plain
from dnkit.readers.facts import RunFacts
from dnkit.readers.stats import seconds, tidy

HOLDS = "holds"
STANDINGS = {
    HOLDS: "proved",
    "broken": "refuted",
    "open": "not decided",
    "none": "not proved (the proof failed)",
}
_NONE = -1


class ClaimRow(msgspec.Struct, frozen=True, kw_only=True):
    """One bound of one run. `bound` is `time`, `naked time`, `concession` or `unhedged`, `unit` s, bps or %
    (of the larger leg's size); `leg` is "" where the bound is of the run. `claimed` is None where none was.
    """

    cycle: int
    run_id: str
    bound: str
    leg: str
    unit: str
    measured: Decimal
    claimed: Decimal | None
    exceeded: bool

    @property
    def name(self) -> str:
        """The bound, and the leg it is of."""
        return f"{self.bound} of leg {self.leg}" if self.leg else self.bound

    @property
    def alert(self) -> Alert:
        """The row as an alert, for one that was exceeded."""
        claimed = shown(self.claimed, self.unit)
        return BOUND_EXCEEDED.raised(
            f"{self.name} {shown(self.measured, self.unit)}, claimed at most {claimed}"
            f" (cycle {self.cycle}, run {self.run_id})"
        )


def shown(value: Decimal | None, unit: str) -> str:
    """A value of a row with its unit; `-` where there is none."""
    return "-" if value is None else f"{plain(value)} {unit}"


def compare(facts: RunFacts) -> tuple[ClaimRow, ...]:
    """All bounds of a run; none where nothing was asked to be proved."""
    claims = facts.run.header.claims
    return tuple(_rows(facts, claims)) if claims is not None else ()


def worst(rows: Iterable[ClaimRow]) -> tuple[ClaimRow, ...]:
    """Of each bound the row nearest to what was claimed, or farthest above it."""
    most: dict[str, ClaimRow] = {}
    for row in rows:
        known = most.get(row.name)
        if known is None or _rank(row) > _rank(known):
            most[row.name] = row
    return tuple(most.values())


def words(claims: Iterable[Claims | None]) -> str:
    """What the claims of some runs stand on, in a sentence; "" where nothing was asked to be proved."""
    asked = [one for one in claims if one is not None]
    made = [one for one in asked if one.concession]
    if not made:
        why = " and ".join(dict.fromkeys(STANDINGS[one.standing] for one in asked))
        return f"No bound is claimed: {why}." if asked else ""
    faults = " or ".join(str(one) for one in sorted({one.faults for one in made}))
    calls, more = plain(seconds(max(one.call_ns for one in made))), "" if faults == "1" else "s"
    return (
        f"Claims hold with at most {faults} fault{more} (venue, network, process, operator) and calls that"
        f" are answered within {calls} s; % is of the larger leg's size."
    )


def _rank(row: ClaimRow) -> tuple[bool, Decimal]:
    return row.exceeded, row.measured / row.claimed if row.claimed else row.measured


def _rows(facts: RunFacts, claims: Claims) -> Iterator[ClaimRow]:
    passed = facts.last_ns - facts.first_ns
    yield _row(facts, ("time", "", "s"), passed, claims.time_ns, seconds)
    yield _row(facts, ("naked time", "", "s"), facts.naked_ns, claims.naked_ns, seconds)
    concession = claims.concession or (_NONE,) * len(facts.pay_up)
    for spec, most, claimed in zip(facts.run.program.legs, facts.pay_up, concession, strict=True):
        yield _row(facts, ("concession", spec.name, "bps"), most, claimed, from_mbps)
    share = ceil_div(facts.exposed * MBPS_ONE, facts.exposed_of)
    bound = ceil_div(claims.unhedged * MBPS_ONE, claims.size) if claims.size else _NONE
    yield _row(facts, ("unhedged", "", "%"), share, bound, _percent)


def _row(
    facts: RunFacts,
    what: tuple[str, str, str],
    measured: int,
    claimed: int,
    show: Callable[[int], Decimal],
) -> ClaimRow:
    bound, leg, unit = what
    header, bounded = facts.run.header, claimed != _NONE
    return ClaimRow(
        cycle=header.cycle,
        run_id=header.run_id,
        bound=bound,
        leg=leg,
        unit=unit,
        measured=tidy(show(measured)),
        claimed=tidy(show(claimed)) if bounded else None,
        exceeded=bounded and measured > claimed,
    )


def _percent(mbps: int) -> Decimal:
    return (Decimal(mbps) * 100 / MBPS_ONE).quantize(Decimal("0.01"), ROUND_CEILING)
