"""Every word of an end is held against the venues: a lie is told, the truth is not."""

import pytest
from msgspec.structs import replace

from dnkit.engine.state import Leg, State
from dnkit.engine.step import begin
from dnkit.machine.program import Program
from dnkit.model.commands import EndRun, PlaceOrder
from dnkit.model.terms import EndName, OrderType, Risk, Side
from dnkit.sim.hostile.ends import Held, end_breaks
from tests.sim.hostile.worlds import setting

LEAST = 3
FLAT, HEDGED = EndRun(EndName.FLAT, Risk.FLAT, ""), EndRun(EndName.HEDGED, Risk.HEDGED, "")
STOP = PlaceOrder(0, 2, "k", Side.SELL, OrderType.STOP, 200, 1, 1, True, False, "protect#1")


def held(lots: int, start: int = 0, **values: object) -> Held:
    """What a venue holds of leg `a`."""
    plain = Held(
        name="a",
        words=f"leg a holds {lots}",
        lots=lots,
        start=start,
        least=LEAST,
        resting=(),
        stops=(),
        down=False,
        blind=False,
    )
    return replace(plain, **values)


def program() -> Program:
    return setting("close_two_phase").program


def state(ended: EndRun, *ledger: int) -> State:
    """A run that ended so, with these positions in its ledger."""
    legs = tuple(Leg(position=lots, known=True, bid=270_000, ask=270_001, least=LEAST) for lots in ledger)
    return replace(begin(program(), "run"), legs=legs, ended=ended)


def rules(ended: EndRun, ledger: tuple[int, ...], *legs: Held, alarms: int = 1) -> list[str]:
    """The rules that are broken."""
    return [rule for rule, _ in end_breaks(state(ended, *ledger), program(), legs, alarms)]


def test_the_truth_breaks_nothing() -> None:
    assert rules(FLAT, (0, 2), held(0), held(2)) == []
    assert rules(EndRun(EndName.HALTED, Risk.UNHEDGED, "x"), (0, 90), held(0), held(90)) == []
    assert rules(EndRun(EndName.IDLE, Risk.FLAT, ""), (7,), held(7, 7)) == []


def test_flat_means_flat() -> None:
    assert rules(FLAT, (90, 0), held(90), held(0)) == ["flat means flat"]
    halted = EndRun(EndName.HALTED, Risk.FLAT, "x")
    assert rules(halted, (90, 0), held(90), held(0)) == ["flat means flat"]


def test_hedged_means_hedged() -> None:
    lots = (200, -2_000)  # leg b counts in tenths
    assert rules(HEDGED, lots, held(200), held(-2_000)) == []
    assert rules(HEDGED, (200, 0), held(200), held(0)) == ["hedged means hedged"]


def test_the_ledger_is_the_truth() -> None:
    assert rules(FLAT, (0, 1), held(0), held(0)) == ["ledger is the truth"]
    unknown = EndRun(EndName.HALTED, Risk.UNKNOWN, "x")
    assert rules(unknown, (0, 1), held(0), held(500, resting=(1,))) == []


def test_a_venue_that_took_the_position_and_has_not_told() -> None:
    assert rules(HEDGED, (200, -2_000), held(0, blind=True), held(-2_000)) == []
    assert rules(HEDGED, (200, -2_000), held(0, blind=True), held(-5)) == ["ledger is the truth"]


def test_nothing_may_rest() -> None:
    assert rules(FLAT, (0,), held(0, resting=(4,))) == ["nothing left resting"]
    halted = EndRun(EndName.HALTED, Risk.FLAT, "order 4 of leg a may rest")
    assert rules(halted, (0,), held(0, resting=(4,))) == []
    assert rules(replace(halted, text=""), (0,), held(0, resting=(4,))) == ["nothing left resting"]
    assert rules(replace(halted, text=""), (0,), held(0, resting=(4,), down=True)) == []


def test_a_halt_tells_a_human() -> None:
    halted = EndRun(EndName.HALTED, Risk.UNKNOWN, "x")
    assert rules(halted, (0,), held(0), alarms=0) == ["honest halt"]


@pytest.mark.parametrize(
    ("stops", "broken"),
    [((STOP,), []), ((), ["protected is covered"]), ((replace(STOP, lots=150),), ["protected is covered"])],
)
def test_protected_is_covered(stops: tuple[PlaceOrder, ...], broken: list[str]) -> None:
    ended = EndRun(EndName.PROTECTED, Risk.UNHEDGED, "")
    assert rules(ended, (200,), held(200, stops=stops)) == broken


def test_idle_is_untouched() -> None:
    assert rules(EndRun(EndName.IDLE, Risk.FLAT, ""), (7,), held(7, 0)) == ["idle is untouched"]


def test_an_end_has_a_name() -> None:
    nameless = replace(state(FLAT, 0), ended=None)
    assert [rule for rule, _ in end_breaks(nameless, program(), (held(0),), 1)] == ["named end"]
