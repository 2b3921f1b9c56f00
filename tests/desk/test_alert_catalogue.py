"""The catalogue of alerts, and when the desk raises them."""

import re
from typing import Any

import pytest
from msgspec.structs import replace

from dnkit.desk.alerts import NO_TRADES_NS, TAKES_MIN, Vitals, of_end, of_read
from dnkit.engine.state import Leg
from dnkit.engine.step import begin
from dnkit.model import alerts as catalogue
from dnkit.model.alerts import CATALOGUE
from dnkit.model.commands import Command, EndRun, PlaceOrder
from dnkit.model.events import Event, OrderFilled, PositionRead, Woken
from dnkit.model.terms import EndName, OrderType, Risk, Side
from dnkit.policies.keys import LEVELS
from tests.desk.floor import program
from tests.tidy.source_tree import PACKAGE

CLOSE, OPEN = program("close_two_phase"), program("open_post_only_hedge")
LAG = CLOSE.legs[0].position_lag_ns
END = EndRun(EndName.FLAT, Risk.FLAT, "")


def test_codes_are_unique_levels_are_known_and_all_say_what_to_do() -> None:
    assert len({one.code for one in CATALOGUE}) == len(CATALOGUE)
    for kind in CATALOGUE:
        assert kind.severity in LEVELS
        assert getattr(catalogue, kind.code) is kind
        assert kind.when.endswith(".")
        assert kind.act.endswith(".")


@pytest.mark.parametrize("kind", CATALOGUE, ids=lambda one: one.code)
def test_every_alert_is_raised_somewhere(kind: catalogue.AlertKind) -> None:
    text = "\n".join(file.read_text() for file in PACKAGE.rglob("*.py"))
    assert re.search(rf"\b{kind.code}\.raised\(|\({kind.code}, ", text)


def test_an_alert_reads_as_its_code_and_its_text() -> None:
    alert = catalogue.UNHEDGED.raised("0.2 ETH on leg a")
    assert str(alert) == "UNHEDGED 0.2 ETH on leg a"
    assert alert.act == catalogue.UNHEDGED.act


@pytest.mark.parametrize(
    ("of", "end", "risk", "codes"),
    [
        (CLOSE, EndName.HALTED, Risk.UNHEDGED, ["UNHEDGED", "FLATTEN_FAILED"]),
        (CLOSE, EndName.HALTED, Risk.HEDGED, ["FLATTEN_FAILED"]),
        (CLOSE, EndName.HALTED, Risk.UNKNOWN, ["UNKNOWN_POSITION", "FLATTEN_FAILED"]),
        (OPEN, EndName.HALTED, Risk.UNHEDGED, ["UNHEDGED"]),
        (OPEN, EndName.HALTED, Risk.HEDGED, []),
        (CLOSE, EndName.HALTED, Risk.FLAT, []),
        (CLOSE, EndName.FLAT, Risk.FLAT, []),
        (OPEN, EndName.HEDGED, Risk.HEDGED, []),
    ],
)
def test_what_a_halt_leaves_behind(of: Any, end: EndName, risk: Risk, codes: list[str]) -> None:
    told = list(of_end(of, EndRun(end, risk, "why")))
    assert [one.code for one in told] == codes
    assert {one.text for one in told} <= {f"{of.name}: why"}


def mismatch(read: PositionRead, leg: Leg) -> list[str]:
    state = replace(begin(CLOSE, "0" * 12), legs=(leg, leg))
    return [str(one) for one in of_read(CLOSE, state, read)]


def test_a_read_against_the_fills_is_told_once_the_lag_is_over() -> None:
    held = Leg(position=2_000, known=True, fill_ns=7, witness=0, witness_ns=7 + LAG)
    read = PositionRead(9, 0, 3, 0, 7 + LAG)
    assert mismatch(read, held) == [
        "POSITION_MISMATCH close_two_phase: aster says 0 ETH on leg a, fills say 2"
    ]
    early = replace(held, witness_ns=6 + LAG)
    assert mismatch(replace(read, as_of_ns=6 + LAG), early) == []
    assert mismatch(replace(read, lots=None), replace(held, witness=2_000)) == []
    assert mismatch(read, replace(held, witness=2_000)) == []


def order(
    number: int, phase: str, rung: int, *, kind: OrderType = OrderType.IOC, lots: int = 10
) -> PlaceOrder:
    return PlaceOrder(0, number, "k", Side.BUY, kind, lots, 1, 0, False, True, f"{phase}#{rung}")


def fill(number: int, lots: int, at: int = 1) -> OrderFilled:
    return OrderFilled(at, 0, number, lots, lots, 0, False)


def tell(vitals: Vitals, event: Event, *commands: Command, run: str = "r") -> list[str]:
    return [str(one) for one in vitals.note(run, event, commands)]


def take(vitals: Vitals, run: str, first: int, second: int) -> list[str]:
    """A ladder of two rungs that fills so much of ten lots on each."""
    tell(vitals, Woken(1), order(1, "cross", 1), run=run)
    tell(vitals, fill(1, first), run=run)
    tell(vitals, fill(1, first), order(2, "cross", 2, lots=10 - first), run=run)
    tell(vitals, fill(2, second), run=run)
    return tell(vitals, Woken(2), END, run=run)


def test_a_ladder_counts_as_filled_whatever_the_rung() -> None:
    vitals = Vitals()
    assert [take(vitals, f"r{n}", 3, 7) for n in range(100)] == [[]] * 100


def test_a_low_fill_rate_is_told_once_until_it_is_over() -> None:
    vitals = Vitals()
    told = [take(vitals, f"a{n}", 3, 6) for n in range(TAKES_MIN + 5)]
    assert told == [[]] * (TAKES_MIN - 1) + [["FILL_RATE_LOW 0 of the last 20 takes were filled"]] + [[]] * 5
    for number in range(100):
        assert take(vitals, f"b{number}", 10, 0) == []
    (late,) = [one for number in range(6) if (one := take(vitals, f"c{number}", 0, 0))]
    assert late == ["FILL_RATE_LOW 44 of the last 50 takes were filled"]


def test_ninety_percent_is_not_low() -> None:
    vitals = Vitals()
    assert not any(take(vitals, f"r{n}", 10 if n % 10 < 9 else 0, 0) for n in range(TAKES_MIN * 3))


def test_orders_that_rest_are_no_takes() -> None:
    vitals = Vitals()
    for number in range(100):
        run = f"r{number}"
        tell(vitals, Woken(1), order(1, "quote", 1, kind=OrderType.POST_ONLY), run=run)
        assert tell(vitals, Woken(2), END, run=run) == []


def test_an_hour_without_a_trade_is_told_once() -> None:
    vitals = Vitals()
    assert tell(vitals, Woken(5)) == []
    assert tell(vitals, Woken(5 + NO_TRADES_NS)) == []
    assert tell(vitals, Woken(6 + NO_TRADES_NS)) == ["NO_TRADES nothing was filled for 3600 s"]
    assert tell(vitals, Woken(7 + NO_TRADES_NS)) == []
    assert tell(vitals, fill(1, 1, 8 + NO_TRADES_NS)) == []
    assert tell(vitals, Woken(8 + 2 * NO_TRADES_NS)) == []
    assert len(tell(vitals, Woken(9 + 2 * NO_TRADES_NS))) == 1
