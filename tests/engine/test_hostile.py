"""A venue that does its worst, from a seed: the promises of the engine hold whatever it does.

Judged from outside, by the venue's truth: orders move toward the target and never past it, nothing is
called flat or hedged that is not, and a run that cannot tell says so.
"""

from collections.abc import Callable
from random import Random

import pytest

from dnkit.machine import program as pg
from dnkit.model import commands as cm
from dnkit.model.terms import EndKind, EndName, FoundKind, OrderType, RejectKind, Risk, Side
from tests.engine.harness import ALL_TYPES, Reply, S, Venue, leg
from tests.engine.programs import close_pair, open_hedged, unwind_one

SEEDS = range(250)
NO_FLAG_RESTING = (OrderType.IOC, OrderType.FOK)


class Hostile(Venue):
    """Draws every reply: rejects, partial fills, lost answers, races, duplicates, stale and failed
    reads."""

    def __init__(self, program: pg.Program, positions: list[int], seed: int, faults: float) -> None:
        super().__init__(program, positions=positions, otherwise=self.replies)
        self.dice, self.faults = Random(seed), faults
        self.history: list[list[int]] = [[one] for one in positions]
        self.order_checks: list[str] = []

    def bad(self) -> bool:
        return self.dice.random() < self.faults

    def _answer(self, command: cm.Command) -> None:
        if isinstance(command, cm.PlaceOrder):
            self.check_order(command)
        if isinstance(command, cm.CancelOrder):
            self.on_cancel[(command.leg, command.order)] = self.cancel_replies()
        if isinstance(command, cm.FindOrder):
            self.on_find[(command.leg, command.order)] = self.find_replies()
        if isinstance(command, cm.ReadPosition) and self.bad():
            past = self.history[command.leg]
            self.reads.setdefault(command.leg, []).append(self.dice.choice([None, *past]))
        if isinstance(command, cm.ReadBook):
            self.move_book(command.leg)
        super()._answer(command)

    def check_order(self, order: cm.PlaceOrder) -> None:
        """Judged by the venue's truth at the moment of sending."""
        position = self.truth[order.leg]
        if order.reduce_only or not order.adds_risk:
            if position * order.side >= 0:
                self.order_checks.append(f"{order.reason}: {order.side.name} on {position}")
            elif order.lots > abs(position):
                self.order_checks.append(f"{order.reason}: {order.lots} over {position}")
        live = [key for key, one in self.orders.items() if key[0] == order.leg and one["live"]]
        if live:
            self.order_checks.append(f"{order.reason}: sent while {live} live")

    def move_book(self, index: int) -> None:
        mid = 300_000 + self.dice.randrange(-200, 200)
        half = self.dice.choice([1, 1, 2, 50])
        self.books[index] = {"bid": mid - half, "ask": mid + half, "bid_lots": 10_000, "ask_lots": 10_000}
        if self.bad():
            self.books[index] = self.dice.choice([{}, {**self.books[index], "bid": mid + 9_999}])

    def replies(self, order: cm.PlaceOrder) -> list[Reply]:
        dice = self.dice
        part = dice.choice([0, order.lots // 3, order.lots // 2, order.lots])
        resting = order.type in (OrderType.POST_ONLY, OrderType.GTC)
        lost = self.bad()
        tell = "lost_fill" if lost or self.bad() else "fill"
        out: list[Reply] = []
        if lost and dice.random() < 0.4:
            return [(1, "lost", {})] if dice.random() < 0.5 else []
        if resting and dice.random() < 0.25:
            why = dice.choice([RejectKind.POST_ONLY_CROSS, RejectKind.OTHER])
            return [(2, "rejected", {"why": why})]
        if not lost:
            out.append((1, "accepted", {}))
        start = dice.choice([2, 30, 900, 4000]) if resting else 2
        if part:
            first = dice.choice([part, max(1, part // 2)])
            out.append((start, tell, {"lots": first}))
            out.append((start + 3, tell, {"lots": part - first})) if part > first else None
            out += [(start + dice.randrange(1, 60), "report", {})] * dice.choice([0, 1, 2])
        if not resting:
            blind = self.bad()
            out.append((start + 5, "ended", {"blind": blind, "why": EndKind.EXPIRED}))
            if self.bad():
                out.pop()
                out.append((start + 5, "quiet_end", {}))
        return out

    def cancel_replies(self) -> list[Reply]:
        dice = self.dice
        race: list[Reply] = [(1, "fill", {"lots": dice.randrange(1, 600)})] if dice.random() < 0.4 else []
        if self.bad():
            return [*race, (2, "lost", {})] if dice.random() < 0.5 else race
        return [*race, (2, "cancel", {"blind": dice.random() < 0.5})]

    def find_replies(self) -> list[Reply]:
        if self.bad():
            return [(2, "found", {"found": FoundKind.ERROR})] if self.dice.random() < 0.7 else []
        return [(2, "found", {})]

    def fact(self, key, name, **values):  # type: ignore[no-untyped-def]
        one = self.orders[key]
        if name == "quiet_end":
            one["live"] = False
            return None
        event = super().fact(key, name, **values)
        self.history[key[0]].append(self.truth[key[0]])
        return event


def flagless(name: str, side: Side) -> pg.LegSpec:
    """A venue that takes reduce-only on IOC and FOK only and tells no total with a cancel."""
    return leg(name, side, flags=NO_FLAG_RESTING, cancel_cum=False, position_lag_ns=3 * S)


CASES: dict[str, tuple[Callable[[], pg.Program], list[int]]] = {
    "close": (close_pair, [500, -500]),
    "close, uneven": (close_pair, [523, -500]),
    "close, no flag on resting orders": (
        lambda: close_pair(legs=(flagless("a", Side.BUY), flagless("b", Side.SELL))),
        [500, -500],
    ),
    "open": (open_hedged, [0, 0]),
    "open on top": (open_hedged, [200, -200]),
    "unwind": (unwind_one, [500]),
}


@pytest.mark.parametrize("faults", [0.0, 0.08, 0.3], ids=["calm", "rough", "foul"])
@pytest.mark.parametrize("case", CASES)
def test_promises_hold_whatever_the_venue_does(case: str, faults: float) -> None:
    make, positions = CASES[case]
    program = make()
    ends: dict[str, int] = {}
    for seed in SEEDS:
        venue = Hostile(program, list(positions), seed, faults)
        end = venue.run()
        where = f"seed {seed}: {end}"
        assert not venue.order_checks, f"{where}: {venue.order_checks}"
        judge_sides(venue, positions, where)
        judge_end(venue, end, where)
        ends[end.end.value] = ends.get(end.end.value, 0) + 1
    if faults == 0.0:
        assert set(ends) <= {"flat", "hedged", "idle"} or (
            "halted" in ends and ends["halted"] < len(SEEDS) // 4
        )


def judge_sides(venue: Venue, start: list[int], where: str) -> None:
    """No leg of a close passes through zero; a hedge never exceeds what it hedges."""
    if venue.program.intent.value in ("close", "unwind"):
        for index, first in enumerate(start):
            assert venue.truth[index] * first >= 0, f"{where}: leg {index} passed zero: {venue.truth}"
    else:
        moved = [now - then for now, then in zip(venue.truth, start, strict=True)]
        assert 0 <= moved[0] <= 500, f"{where}: quote beyond the clip {moved}"
        assert -500 <= moved[1] <= 0, f"{where}: hedge on the wrong side {moved}"
        assert abs(moved[1]) <= 500


def judge_end(venue: Venue, end: cm.EndRun, where: str) -> None:
    live = [key for key, one in venue.orders.items() if one["live"]]
    if end.risk is not Risk.UNKNOWN:
        assert not live, f"{where}: {live} still rest"
        assert list(venue.truth) == [one.position for one in venue.state.legs], (
            f"{where}: ledger is not the truth"
        )
    if end.end is EndName.FLAT or end.risk is Risk.FLAT:
        assert all(abs(one) < 10 for one in venue.truth) or venue.program.intent.value == "open", (
            f"{where}: {venue.truth}"
        )
    if end.end is EndName.HALTED:
        assert any(isinstance(one, cm.SendAlert) for one in venue.asked), f"{where}: halted without an alert"


def test_all_types_take_the_flag_by_default() -> None:
    assert set(close_pair().legs[0].flags) == set(ALL_TYPES)


@pytest.mark.parametrize("case", ["close", "open", "unwind"])
def test_the_quiet_road_changes_nothing(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events that cannot move a run are not tried; trying them all the same gives equal states and
    requests."""
    from dnkit.engine import step as door

    make, positions = CASES[case]
    program = make()
    for seed in range(40):
        venue = Hostile(program, list(positions), seed, 0.15)
        venue.run()
        with monkeypatch.context() as patch:
            patch.setattr(door, "_is_quiet", lambda _turn, _event: False)
            state = door.begin(program, "run")
            for event, asked, after in venue.lines:
                state, again = door.step(program, state, event)
                assert (state, again) == (after, asked), f"seed {seed}: {event}"
