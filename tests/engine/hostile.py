"""A venue that does its worst, from a seed. It judges every order by its own truth at the moment of
sending.
"""

from random import Random

from dnkit.machine import program as pg
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.numbers import MBPS_ONE
from dnkit.model.terms import EndKind, EndName, FoundKind, OrderType, RejectKind, Risk
from tests.engine.harness import Reply, Venue


class Hostile(Venue):
    """Draws every reply: rejects, partial fills, lost answers, races, duplicates, stale and failed
    reads."""

    def __init__(self, program: pg.Program, positions: list[int], seed: int, faults: float) -> None:
        super().__init__(program, positions=positions, otherwise=self.replies)
        self.dice, self.faults = Random(seed), faults
        self.history: list[list[int]] = [[one] for one in positions]
        self.order_checks: list[str] = []
        self.touch: dict[int, dict[str, int]] = {}

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
        self.check_price(order)
        flagged = not order.adds_risk and order.type in self.program.legs[order.leg].flags
        if order.reduce_only != flagged:
            self.order_checks.append(f"{order.reason}: reduce-only is {order.reduce_only}")
        if order.reduce_only or not order.adds_risk:
            if position * order.side >= 0:
                self.order_checks.append(f"{order.reason}: {order.side.name} on {position}")
            elif order.lots > abs(position):
                self.order_checks.append(f"{order.reason}: {order.lots} over {position}")
        live = [key for key, one in self.orders.items() if key[0] == order.leg and one["live"]]
        if live:
            self.order_checks.append(f"{order.reason}: sent while {live} live")

    def check_price(self, order: cm.PlaceOrder) -> None:
        """Never further through the touch the engine saw than the policy's max_concession."""
        phases = {one.name: one for one in self.program.phases}
        limits = self.program.scopes[phases[order.reason.split("#")[0]].scope].limits
        if limits.concession_max < 0 or order.stop:
            return
        touch = self.touch[order.leg]["ask" if order.side > 0 else "bid"]
        if order.side * (order.price - touch) * MBPS_ONE > touch * limits.concession_max:
            self.order_checks.append(f"{order.reason}: {order.price} is too far through {touch}")

    def _book(self, asked: cm.ReadBook) -> ev.Event:
        answer = super()._book(asked)
        if isinstance(answer, ev.BookRead):
            self.touch[asked.leg] = {"bid": answer.bid, "ask": answer.ask}
        return answer

    def move_book(self, index: int) -> None:
        mid = self.touches[index] + self.dice.randrange(-200, 200)
        half = self.dice.choice([1, 1, 2, 50])
        self.books[index] = {
            "bid": mid - half,
            "ask": mid + half,
            "bid_lots": 10**6,
            "ask_lots": 10**6,
            "volume": 10**30,
        }
        if self.bad():
            self.books[index] = self.dice.choice([{}, {**self.books[index], "bid": mid + 9_999}])

    def replies(self, order: cm.PlaceOrder) -> list[Reply]:
        dice = self.dice
        part = dice.choice([0, order.lots // 3, order.lots // 2, order.lots])
        resting = order.type in (OrderType.POST_ONLY, OrderType.GTC) or order.stop > 0
        lost = self.bad()
        if order.stop:  # never triggered here: what a stop does after the end is not the run's word
            part = 0
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
        race: list[Reply] = [(1, "fill", {"part": dice.random()})] if dice.random() < 0.4 else []
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


def judge_end(venue: Venue, end: cm.EndRun, where: str) -> None:
    kept = [(index, leg.stop.n) for index, leg in enumerate(venue.state.legs) if leg.stop is not None]
    live = [key for key, one in venue.orders.items() if one["live"] and key not in kept]
    if end.risk is not Risk.UNKNOWN:
        assert not live, f"{where}: {live} still rest"
        assert list(venue.truth) == [one.position for one in venue.state.legs], (
            f"{where}: ledger is not the truth"
        )
    if end.end is EndName.FLAT or end.risk is Risk.FLAT:
        assert all(is_dust(venue, index) for index in range(len(venue.truth))), f"{where}: {venue.truth}"
    if end.end is EndName.HALTED:
        assert any(isinstance(one, cm.SendAlert) for one in venue.asked), f"{where}: halted without an alert"


def is_dust(venue: Venue, index: int) -> bool:
    """Whether the true position is below what the leg's venue lets trade at the book's price."""
    instrument, book = venue.program.legs[index].instrument, venue.touch[index]
    return not instrument.tradable(book["bid"], venue.truth[index])
