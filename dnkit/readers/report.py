"""The report over the cycles of one command: a row per cycle, totals, fill rates, times, advice."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from dnkit.journal.errors import RunNotFound
from dnkit.journal.reader import Reader
from dnkit.journal.records import Run
from dnkit.model.alerts import BOUND_EXCEEDED, DONE
from dnkit.readers.advice import advise, honesty
from dnkit.readers.claims import STANDINGS, ClaimRow, compare, words
from dnkit.readers.cycle import CycleRow, make_row
from dnkit.readers.facts import RunFacts, gather
from dnkit.readers.stats import Rate, mean, rate, seconds, tidy
from dnkit.readers.tca import LegCost, shortfall


class FillRow(msgspec.Struct, frozen=True):
    """Orders of one phase, rung and type. `filled` counts whole fills, `partly` the others that got some."""

    phase: str
    rung: int
    type: str
    filled: Rate
    partly: int


class PhaseRow(msgspec.Struct, frozen=True):
    """Time in a phase over the cycles that entered it, in seconds."""

    phase: str
    cycles: int
    mean_s: Decimal
    longest_s: Decimal


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Sums and rates over all cycles. Rates count cycles, except the post-only ones, which count orders."""

    cycles: int
    traded: int
    success: Rate
    error: Rate
    timeout: Rate
    fallback: Rate
    quote_post_only: Rate
    hedge_post_only: Rate
    post_only_attempts: int
    emergency_unwinds: int
    market_orders: int
    cycle_s_mean: Decimal | None
    cycle_s_longest: Decimal | None
    notional: Decimal
    gross: Decimal
    net: Decimal
    net_bps: Decimal | None
    delay: Decimal
    legging: Decimal
    concession: Decimal
    fees: Decimal
    opportunity: Decimal
    unwind: Decimal
    total: Decimal
    hedge_fee: Decimal
    fee_saved: Decimal
    fee_saved_per_cycle: Decimal | None
    maker_share: Decimal | None
    unhedged_s: Decimal
    unhedged_money_s: Decimal


class LegRow(msgspec.Struct, frozen=True):
    """Cost of one leg in one cycle."""

    cycle: int
    run_id: str
    cost: LegCost


class Report(msgspec.Struct, frozen=True):
    """Everything; `msgspec.to_builtins` gives its JSON form with Decimals as text.

    `claims` are the bounds of every run that had a proof, `claimed` says what they stand on; `alerts` are
    what was raised, bounds that were exceeded, and runs that were to go without a proof, a line each.
    """

    cycles: list[CycleRow]
    legs: list[LegRow]
    totals: Totals
    fills: list[FillRow]
    phases: list[PhaseRow]
    claims: list[ClaimRow]
    claimed: str
    alerts: list[str]
    advice: list[str]
    honesty: str


def report(reader: Reader, run_id: str) -> Report:
    """Report of all cycles of the command that a run ("last": the newest) belongs to; RunNotFound if none."""
    header = reader.run(run_id).header
    return report_runs(reader, reader.runs(group=header.group or header.run_id))


def report_runs(reader: Reader, runs: Iterable[Run]) -> Report:
    """Report of these runs, in their order. RunNotFound when none of them has a line."""
    gathered = [facts for run in runs if (facts := gather(reader, run)) is not None]
    if not gathered:
        raise RunNotFound(f"journal {reader.path}: there is nothing to report yet")
    rows = [make_row(facts) for facts in gathered]
    totals = _totals(rows)
    claims = [row for facts in gathered for row in compare(facts)]
    return Report(
        cycles=rows,
        legs=[
            LegRow(row.cycle, row.run_id, cost)
            for row, facts in zip(rows, gathered, strict=True)
            for cost in shortfall(facts)
        ],
        totals=totals,
        fills=_fills(gathered),
        phases=_phases(gathered),
        claims=claims,
        claimed=words(one.run.header.claims for one in gathered),
        alerts=[
            *_accepted(rows),
            *(line for facts in gathered for line in _raised(reader, facts)),
            *(str(row.alert) for row in claims if row.exceeded),
        ],
        advice=advise(rows),
        honesty=honesty(totals.success),
    )


def to_csv(rows: Sequence[CycleRow]) -> str:
    """CSV text, one row per cycle; Decimals in full, nothing where a field does not apply."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [field.name for field in msgspec.structs.fields(CycleRow)]
    writer.writerow(names)
    writer.writerows([_cell(getattr(row, name)) for name in names] for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:f}" if isinstance(value, Decimal) else value


def _accepted(rows: list[CycleRow]) -> Iterator[str]:
    """A line for runs that added risk without a proof, by how it stood."""
    unproven = [row.proof for row in rows if row.accepted_unproven]
    for standing, count in Counter(unproven).items():
        told = f"{STANDINGS[standing]}; accepted with --i-accept-unproven"
        yield f"UNPROVEN {count} of {len(rows)} runs: {told}"


def _raised(reader: Reader, facts: RunFacts) -> Iterator[str]:
    """What a human was told of a run, and to do. What its claims come to is compared anew."""
    for line in reader.alerts(facts.run.header.run_id):
        if line.alert.code not in (BOUND_EXCEEDED.code, DONE.code):
            yield f"{line.alert}. {line.alert.act}"


def _total(rows: list[CycleRow], name: str) -> Decimal:
    return sum((getattr(row, name) for row in rows), Decimal(0))


_SUMS = (
    "notional",
    "gross",
    "net",
    "delay",
    "legging",
    "concession",
    "fees",
    "opportunity",
    "unwind",
    "total",
    "hedge_fee",
    "fee_saved",
    "unhedged_s",
    "unhedged_money_s",
)
_COUNTS = ("emergency_unwinds", "market_orders")


def _totals(rows: list[CycleRow]) -> Totals:
    count, opens = len(rows), [row for row in rows if row.intent == "open"]
    sums: dict[str, Any] = {name: tidy(_total(rows, name)) for name in _SUMS}
    counts: dict[str, Any] = {name: sum(getattr(row, name) for row in rows) for name in _COUNTS}
    notional, maker = sums["notional"], _total(rows, "maker_notional")
    times = [row.cycle_s for row in rows]
    average = mean(times)
    return Totals(
        cycles=count,
        traded=sum(row.traded for row in rows),
        success=rate(sum(row.success for row in rows), count),
        error=rate(sum(row.error for row in rows), count),
        timeout=rate(sum(row.timeouts > 0 for row in opens), len(opens)),
        fallback=rate(sum(row.fallback for row in rows), count),
        quote_post_only=_orders_rate(rows, "quote_post_only"),
        hedge_post_only=_orders_rate(rows, "hedge_post_only"),
        post_only_attempts=sum(row.post_only_orders for row in rows),
        cycle_s_mean=average.quantize(Decimal("0.001")) if average is not None else None,
        cycle_s_longest=max(times, default=None),
        net_bps=(sums["net"] / notional * 10_000).quantize(Decimal("0.001")) if notional else None,
        fee_saved_per_cycle=tidy((sums["fee_saved"] / count).quantize(Decimal("0.000001"))),
        maker_share=(maker / notional).quantize(Decimal("0.0001")) if notional else None,
        **sums,
        **counts,
    )


def _orders_rate(rows: list[CycleRow], name: str) -> Rate:
    filled = sum(getattr(row, f"{name}_filled") for row in rows)
    return rate(filled, sum(getattr(row, name) for row in rows))


def _fills(gathered: list[RunFacts]) -> list[FillRow]:
    """Rows in order of first use."""
    seen: dict[tuple[str, int, str], list[int]] = {}
    for facts in gathered:
        for order in facts.orders:
            tally = seen.setdefault((order.phase, order.rung, order.type.value), [0, 0, 0])
            tally[0] += 1
            tally[1] += order.cum >= order.lots
            tally[2] += 0 < order.cum < order.lots
    return [FillRow(*key, rate(filled, sent), partly) for key, (sent, filled, partly) in seen.items()]


def _phases(gathered: list[RunFacts]) -> list[PhaseRow]:
    times: dict[str, list[int]] = {}
    for facts in gathered:
        for name, ns in facts.phase_ns.items():
            times.setdefault(name, []).append(ns)
    return [
        PhaseRow(name, len(each), seconds(sum(each) // len(each)), seconds(max(each)))
        for name, each in times.items()
    ]
