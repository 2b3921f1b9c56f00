"""The report over cycles: rows, rates with their intervals, times, advice, CSV and JSON."""

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from dnkit.journal.errors import RunNotFound
from dnkit.journal.reader import Reader
from dnkit.journal.writer import Journal
from dnkit.machine import program as pg
from dnkit.machine.program import Program, with_digest
from dnkit.model import commands as cmd
from dnkit.model import events as ev
from dnkit.model.numbers import NS_PER_S
from dnkit.model.terms import EndName, Intent, OrderType
from dnkit.readers.cycle import CycleRow
from dnkit.readers.report import Report, report, to_csv
from dnkit.readers.stats import rate, tidy, wilson
from dnkit.readers.story import story
from dnkit.readers.tables import tables
from tests.journal.tiny_run import (
    ScriptedVenue,
    Target,
    TargetKind,
    drive,
    goto,
    job,
    make_header,
    make_program,
    phase,
)

IN_VAIN = {(0, 1): ["rest"]}
CROSSED = {(1, 1): ["cross"]}
BACK = {(1, 1): ["cross"], (1, 2): ["expire"], (1, 3): ["expire"]}


def make_close() -> Program:
    """Both legs rest post-only for 2 s, then take."""
    kind = pg.PhaseKind
    rest = [job(leg, pg.SizeKind.POSITION, OrderType.POST_ONLY, reduces=True) for leg in (0, 1)]
    take = [job(leg, pg.SizeKind.POSITION, OrderType.IOC, 5_000, reduces=True) for leg in (0, 1)]
    more = {"first": goto(1), "partial": goto(1), "none": goto(1)}
    flat = Target(TargetKind.DONE, end=EndName.FLAT)
    phases = (
        phase("passive", kind.REST, *rest, for_ns=2 * NS_PER_S, filled=goto(2), **more),
        phase("take", kind.TAKE, *take, filled=goto(2)),
        msgspec.structs.replace(phase("check", kind.VERIFY, ok=flat), goal=EndName.FLAT),
    )
    scope = msgspec.structs.replace(make_program().scopes[0], intent=Intent.CLOSE)
    program = msgspec.structs.replace(
        make_program(),
        name="tiny_close",
        intent=Intent.CLOSE,
        relative=False,
        phases=phases,
        scopes=(scope,),
        recover=2,
    )
    return with_digest(program)


def report_of(folder: Path, *venues: ScriptedVenue, program: Program | None = None) -> Report:
    path = folder / "journal.db"
    with Journal(path) as journal, Reader(path) as reader:
        for number, venue in enumerate(venues, 1):
            drive(journal, venue, f"r{number}", program, cycle=number, cycles=len(venues), group="g")
        return report(reader, "last")


def row_of(folder: Path, venue: ScriptedVenue, program: Program | None = None) -> CycleRow:
    return report_of(folder, venue, program=program).cycles[0]


def test_wilson_gives_the_known_intervals() -> None:
    known = {(3, 5): ("0.23", "0.88"), (18, 20): ("0.70", "0.97"), (96, 100): ("0.90", "0.98")}
    for (hits, of), expected in known.items():
        low, high = wilson(hits, of)
        assert (low.quantize(Decimal("0.01")), high.quantize(Decimal("0.01"))) == tuple(
            map(Decimal, expected)
        )
    assert wilson(0, 10)[0] == 0
    assert wilson(10, 10)[1] == 1
    assert rate(0, 0).share is None


def test_tidy_numbers_have_no_exponent() -> None:
    assert [str(tidy(Decimal(text))) for text in ("0E-13", "1.500", "1E+3", "-0.10")] == [
        "0",
        "1.5",
        "1000",
        "-0.1",
    ]


def test_a_passive_hedge_saves_its_fee(tmp_path: Path) -> None:
    """R56 and R57: type and saving of the hedge on the way in; the fields of the way out stay empty."""
    row = row_of(tmp_path, ScriptedVenue({}))
    assert row.hedge_entry_order_type == "post_only_maker"
    assert row.hedge_entry_fee_saved == Decimal("0.250505")  # 5 bps of 501.01
    assert (row.hedge_exit_order_type, row.hedge_exit_fee_saved) == ("", None)
    assert (row.mode, row.hedge_fee, row.maker_share) == ("hedge_open_post_only", Decimal(0), Decimal(1))
    assert (row.post_only_orders, row.hedge_post_only_filled, row.fallback) == (2, 1, False)
    assert row.fee_saved == Decimal("0.250505") + Decimal("0.249995")


def test_a_hedge_that_had_to_take_saves_nothing(tmp_path: Path) -> None:
    row = row_of(tmp_path, ScriptedVenue({**CROSSED, (1, 2): ["fill:400", "expire"]}))
    assert (row.hedge_entry_order_type, row.hedge_entry_fee_saved) == ("ioc_taker", Decimal(0))
    assert (row.fallback, row.post_only_rejects, row.rejects, row.ioc_orders) == (True, 1, 1, 2)
    assert row.hedge_fee == row.fees == Decimal("0.250495")


def test_a_hedge_filled_both_ways_names_both(tmp_path: Path) -> None:
    row = row_of(tmp_path, ScriptedVenue({(1, 1): ["fill:400", "rest"]}))
    assert row.hedge_entry_order_type == "post_only_maker+ioc_taker"
    assert row.hedge_timeouts == 1
    assert row.hedge_entry_fee_saved == Decimal("0.100202")  # on the 0.4 that were passive


def test_a_close_fills_in_the_exit_fields(tmp_path: Path) -> None:
    venue = ScriptedVenue({(0, 1): ["rest"]}, position=(1_000, -1_000))
    row = row_of(tmp_path, venue, make_close())
    assert row.end == "flat"
    assert (row.hedge_exit_order_type, row.mode) == ("post_only_maker", "hedge_close_post_only")
    assert row.hedge_exit_fee_saved == Decimal("0.250495")  # bought at the bid, 500.99
    assert (row.hedge_entry_order_type, row.hedge_entry_fee_saved) == ("", None)
    assert row.opportunity == 0
    assert row.emergency_unwinds == 0


def test_times_per_phase_and_naked_time(tmp_path: Path) -> None:
    result = report_of(tmp_path, ScriptedVenue({(0, 1): ["fill:1000"], (1, 1): ["rest"]}))
    phases = {one.phase: one.mean_s for one in result.phases}
    # Looking takes 10 ms, an answer 10 ms; the passive hedge has 3 s from its entry, then its cancel 10 ms.
    assert phases["quote"] == Decimal("0.02")
    assert phases["hedge_passive"] == Decimal("3.01")
    assert phases["hedge"] == Decimal("0.02")
    row = result.cycles[0]
    assert row.unhedged_s == Decimal("3.03")
    assert row.fill_to_fill_s == Decimal("3.03")
    assert row.unhedged_money_s == Decimal("3.03") * 501  # one coin at the dearer leg's mid
    assert sum(one.mean_s for one in result.phases) == row.cycle_s


def test_fill_rates_per_phase_and_rung(tmp_path: Path) -> None:
    result = report_of(
        tmp_path, ScriptedVenue({**CROSSED, (1, 2): ["fill:400", "expire"]}), ScriptedVenue(CROSSED)
    )
    fills = {
        (one.phase, one.rung, one.type): (one.filled.hits, one.filled.of, one.partly) for one in result.fills
    }
    assert fills == {
        ("quote", 1, "post_only"): (2, 2, 0),
        ("hedge_passive", 1, "post_only"): (0, 2, 0),
        ("hedge", 1, "ioc"): (1, 2, 1),
        ("hedge", 2, "ioc"): (1, 1, 0),
    }


def test_totals_and_advice_over_cycles(tmp_path: Path) -> None:
    venues = [ScriptedVenue(one) for one in ({}, CROSSED, BACK, IN_VAIN, IN_VAIN)]
    result = report_of(tmp_path, *venues)
    totals = result.totals
    assert [row.end for row in result.cycles] == ["hedged", "hedged", "flat", "idle", "idle"]
    assert (totals.cycles, totals.traded, totals.success.hits, totals.error.hits) == (5, 3, 5, 0)
    assert (totals.hedge_post_only.hits, totals.hedge_post_only.of) == (1, 3)
    assert (totals.quote_post_only.hits, totals.quote_post_only.of) == (3, 5)
    assert (totals.timeout.hits, totals.fallback.hits) == (2, 1)
    assert (totals.emergency_unwinds, totals.market_orders, totals.post_only_attempts) == (1, 0, 8)
    assert totals.total == sum(row.total for row in result.cycles)
    assert totals.fee_saved_per_cycle == totals.fee_saved / 5
    assert "33 % (1 of 3, 95 % interval 6-79 %): give them longer (--set hedge_for=5s)" in result.advice[0]
    assert (
        result.advice[1]
        == "Quotes ran out of time in 40 % (2 of 5, 95 % interval 12-77 %): lengthen their window to 7s."
    )
    assert result.advice[2].startswith("1 of 5 cycles gave a filled leg back")
    assert "between 57 % and 100 %" in result.honesty
    assert "470 cycles" in result.honesty


def test_many_timeouts_ask_for_a_longer_window_still(tmp_path: Path) -> None:
    result = report_of(tmp_path, ScriptedVenue(IN_VAIN), ScriptedVenue({}))
    assert result.advice == [
        "Quotes ran out of time in 50 % (1 of 2, 95 % interval 9-91 %): lengthen their window to 10s."
    ]


def test_nothing_to_advise_when_all_is_well(tmp_path: Path) -> None:
    assert report_of(tmp_path, ScriptedVenue({})).advice == []


def test_csv_has_a_row_per_cycle(tmp_path: Path) -> None:
    result = report_of(tmp_path, ScriptedVenue({}), ScriptedVenue(IN_VAIN))
    rows = list(csv.DictReader(io.StringIO(to_csv(result.cycles))))
    assert [row["cycle"] for row in rows] == ["1", "2"]
    four = (
        "hedge_entry_order_type",
        "hedge_exit_order_type",
        "hedge_entry_fee_saved",
        "hedge_exit_fee_saved",
    )
    assert [rows[0][name] for name in four] == ["post_only_maker", "", "0.250505", ""]
    assert [rows[1][name] for name in four] == ["", "", "", ""]
    assert (rows[0]["success"], rows[0]["total"], rows[1]["total_bps"]) == ("yes", "-0.02", "")


def test_json_keeps_decimals_as_text(tmp_path: Path) -> None:
    result = report_of(tmp_path, ScriptedVenue({}))
    text = msgspec.json.encode(result)
    first = json.loads(text)["cycles"][0]
    assert (first["total"], first["hedge_exit_fee_saved"]) == ("-0.02", None)
    assert msgspec.json.decode(text, type=Report) == result


def test_tables_are_rectangular_and_complete(tmp_path: Path) -> None:
    result = report_of(tmp_path, ScriptedVenue({}), ScriptedVenue(BACK))
    made = {table.title.split(" ")[0]: table for table in tables(result)}
    assert list(made) == ["cycles", "cost", "fills", "time", "figures"]
    for table in made.values():
        assert {len(row) for row in table.rows} == {len(table.headers)}
        assert all(index < len(table.headers) for index in table.numbers)
    assert made["cycles"].rows[1][1] == "flat"
    assert made["cost"].rows[2][6:] == ("0.0000", "0.2600", "0.2500")
    assert ("MARKET orders", "0") in made["figures"].rows


def test_a_wide_spread_is_counted(tmp_path: Path) -> None:
    row = row_of(tmp_path, ScriptedVenue({}, widths=(200, 200)))
    assert (row.end, row.spread_refusals, row.orders, row.error, row.alerts) == ("halted", 1, 0, True, 1)
    with pytest.raises(RunNotFound), Reader(tmp_path / "journal.db") as reader:
        report(reader, "r2")


class LyingVenue(ScriptedVenue):
    """Says that nothing is held, whatever was filled."""

    def answer(self, now: int, command: cmd.Command) -> list[ev.Event]:
        if isinstance(command, cmd.ReadPosition):
            self.position = [0, 0]
        return super().answer(now, command)


def test_a_venue_that_disagrees_is_a_conflict(tmp_path: Path) -> None:
    row = row_of(tmp_path, LyingVenue({}))
    assert (row.end, row.verify_conflicts, row.success) == ("halted", 1, False)


def test_reprices_are_counted_and_are_no_timeouts(tmp_path: Path) -> None:
    program = make_program()
    quote = msgspec.structs.replace(
        program.phases[0], reprice_beyond=1_000, reprice_every_ns=NS_PER_S, reprice_max=2
    )
    moving = with_digest(msgspec.structs.replace(program, phases=(quote, *program.phases[1:])))
    script = {(0, number): ["rest"] for number in range(1, 5)}
    row = row_of(tmp_path, ScriptedVenue(script, drift=20), moving)
    assert (row.end, row.orders, row.reprices, row.timeouts) == ("idle", 3, 2, 1)


def test_a_run_in_progress_is_reported_as_such(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with Journal(path) as journal, Reader(path) as reader:
        journal.start_run(make_header(), make_program())
        with pytest.raises(RunNotFound, match="nothing to report yet"):
            report(reader, "last")
        journal.append("r1", 1, NS_PER_S, ev.Started(NS_PER_S, (0, 0), (0, 0)), (), "00", durable=False)
        row = report(reader, "last").cycles[0]
        assert (row.end, row.exit_code, row.success, row.error) == ("unfinished", None, False, False)


def test_the_story_tells_what_happened(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with Journal(path) as journal, Reader(path) as reader:
        drive(journal, ScriptedVenue({(0, 1): ["rest", "fill:300", "fill:700"], **CROSSED}))
        told = list(story(reader, reader.run("last")))
    assert told == [
        "   0.000  -- (start)",
        "   0.020  leg quote: venue says 0, as the ledger does",
        "   0.020  leg hedge: venue says 0, as the ledger does",
        "   0.030  -- quote",
        "   0.040  leg quote: buy 1 ETH post-only at 499.99 (order 1, quote#1)",
        "   0.250  leg quote: order 1 filled 0.3 so far at 499.99 on average, maker",
        "   0.450  leg quote: order 1 filled 1 so far at 499.99 on average, maker",
        "   0.450  -- hedge_passive",
        "   0.460  leg hedge: sell 1 ETH post-only at 501.01 (order 1, hedge_passive#1)",
        "   0.470  leg hedge: order 1 rejected: post_only_cross (would cross)",
        "   0.470  -- hedge",
        "   0.480  leg hedge: sell 1 ETH ioc at 500.99 (order 2, hedge#1)",
        "   0.490  leg hedge: order 2 filled 1 so far at 500.99 on average, taker",
        "   0.490  -- check",
        "   0.500  leg quote: venue says 1, as the ledger does",
        "   0.500  leg hedge: venue says -1, as the ledger does",
        "   0.500  -- (last sweep)",
        "   0.510  END hedged: leg quote position 1 ETH, leg hedge position -1 ETH",
    ]
