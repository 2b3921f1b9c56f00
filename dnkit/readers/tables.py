"""The report as plain tables: headers and rows of texts. Drawing them is the command line's business."""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from dnkit.readers.advice import percent
from dnkit.readers.claims import shown, worst
from dnkit.readers.cycle import CycleRow
from dnkit.readers.report import Report, Totals

CENT = Decimal("0.0001")


class Table(msgspec.Struct, frozen=True):
    """One table. `numbers` are the indexes of columns to be set flush right."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...] = ()


def tables(report: Report) -> list[Table]:
    """Cycles, cost, fills, phases, claims (where there are any) and figures, in that order."""
    claims = [_claims(report)] if any(row.claimed is not None for row in report.claims) else []
    tables = (_cycles(report), _costs(report), _fills(report), _phases(report))
    return [*tables, *claims, _figures(report.totals)]


def money(value: Decimal | None) -> str:
    """Amount to a hundredth of a cent; "-" where there is none."""
    return "-" if value is None else f"{value.quantize(CENT):f}"


_CYCLE: tuple[tuple[str, Callable[[CycleRow], str]], ...] = (
    ("cycle", lambda row: str(row.cycle)),
    ("end", lambda row: row.end if row.end != "halted" else f"halted {row.risk}"),
    ("time s", lambda row: f"{row.cycle_s:f}"),
    ("notional", lambda row: money(row.notional)),
    ("total", lambda row: money(row.total)),
    ("bps", lambda row: "-" if row.total_bps is None else f"{row.total_bps:f}"),
    ("fees", lambda row: money(row.fees)),
    ("saved", lambda row: money(row.fee_saved)),
    ("hedge", lambda row: row.hedge_entry_order_type or row.hedge_exit_order_type or "-"),
    ("orders", lambda row: str(row.orders)),
    ("unhedged s", lambda row: f"{row.unhedged_s:f}"),
)


def _cycles(report: Report) -> Table:
    headers = tuple(name for name, _ in _CYCLE)
    rows = tuple(tuple(cell(row) for _, cell in _CYCLE) for row in report.cycles)
    return Table("cycles", headers, rows, (0, 2, 3, 4, 5, 6, 7, 9, 10))


def _costs(report: Report) -> Table:
    headers = ("cycle", "leg", "delay", "legging", "concession", "fees", "opportunity", "unwind", "total")
    rows = tuple(
        (
            str(one.cycle),
            one.cost.leg,
            money(one.cost.parts.delay),
            money(one.cost.parts.legging),
            money(one.cost.parts.concession),
            money(one.cost.parts.fees),
            money(one.cost.opportunity),
            money(one.cost.unwind.total),
            money(one.cost.total),
        )
        for one in report.legs
    )
    return Table("cost against the mid at the start (+ paid, - earned)", headers, rows, tuple(range(2, 9)))


def _fills(report: Report) -> Table:
    rows = tuple(
        (one.phase, str(one.rung), one.type, str(one.filled.of), percent(one.filled), str(one.partly))
        for one in report.fills
    )
    return Table("fills", ("phase", "rung", "type", "sent", "filled whole", "in part"), rows, (1, 3, 5))


def _phases(report: Report) -> Table:
    rows = tuple(
        (one.phase, str(one.cycles), f"{one.mean_s:f}", f"{one.longest_s:f}") for one in report.phases
    )
    return Table("time per phase", ("phase", "cycles", "mean s", "longest s"), rows, (1, 2, 3))


def _claims(report: Report) -> Table:
    """Each bound once, in the cycle that came nearest to it."""
    rows = tuple(
        (
            row.name,
            shown(row.measured, row.unit),
            shown(row.claimed, row.unit),
            str(row.cycle),
            "EXCEEDED" if row.exceeded else "not claimed" if row.claimed is None else "ok",
        )
        for row in worst(report.claims)
    )
    return Table("bounds claimed", ("bound", "measured", "claimed", "cycle", ""), rows, (1, 2, 3))


def _figures(totals: Totals) -> Table:
    rows = (
        ("cycles that reached their end", percent(totals.success)),
        ("cycles that traded", f"{totals.traded} of {totals.cycles}"),
        ("mean cycle time", "-" if totals.cycle_s_mean is None else f"{totals.cycle_s_mean:f} s"),
        ("post-only quotes filled", percent(totals.quote_post_only)),
        ("post-only hedges filled", percent(totals.hedge_post_only)),
        ("quotes of opens that ran out of time", percent(totals.timeout)),
        ("fallback to taking", percent(totals.fallback)),
        ("halted", percent(totals.error)),
        ("filled legs given back", str(totals.emergency_unwinds)),
        ("MARKET orders", str(totals.market_orders)),
        ("maker share", "-" if totals.maker_share is None else f"{totals.maker_share * 100:.2f} %"),
        ("fee saved per cycle", money(totals.fee_saved_per_cycle)),
        ("gross / net", f"{money(totals.gross)} / {money(totals.net)}"),
        ("net in bps", "-" if totals.net_bps is None else f"{totals.net_bps:f}"),
        ("unhedged", f"{totals.unhedged_s:f} s, {money(totals.unhedged_money_s)} money x s"),
    )
    return Table("figures", ("figure", "value"), rows)
