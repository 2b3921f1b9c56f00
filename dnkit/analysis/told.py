"""One step of a way in plain words: an answer, a silence, a timer; and the requests that follow."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from dnkit.analysis.canon import NOW
from dnkit.analysis.ground import Ground, pay_up
from dnkit.analysis.hop import Node
from dnkit.analysis.move import Kind
from dnkit.analysis.proof import NONE
from dnkit.analysis.way import Step
from dnkit.analysis.world import Call, Fate, LegWorld, order_of, reach
from dnkit.engine.state import Stage
from dnkit.machine.program import Phase, PhaseKind
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.numbers import plain
from dnkit.model.terms import RESTING, EndKind, EndName, FoundKind, OrderType, RejectKind, Side
from dnkit.policies.explain.words import show_bps
from dnkit.policies.unit_texts import show_time

NAMES = {
    OrderType.POST_ONLY: "post-only",
    OrderType.GTC: "limit",
    OrderType.IOC: "IOC",
    OrderType.FOK: "FOK",
    OrderType.MARKET: "market",
    OrderType.STOP: "stop",
    OrderType.STOP_LIMIT: "stop-limit",
}


def beginning_words(ground: Ground, starts: Sequence[int]) -> str:
    """What is open as the run begins."""
    return f"begins with {_legs_words(ground, starts) if any(starts) else 'nothing open'}"


def open_words(ground: Ground, node: Node) -> str:
    """What the venues may hold where the ledger does not say so, "" where it does."""
    state, world = node
    parts = []
    for index, (leg, side) in enumerate(zip(state.legs, world.legs, strict=True)):
        low, high = reach(side)
        if leg.known and (low, high) != (leg.position, leg.position):
            least, most = (_amount(ground, index, lots) for lots in (low, high))
            holds = f"holds {most}" if low == high else f"may hold from {least} to {most}"
            ledger = _amount(ground, index, leg.position)
            parts.append(f"the venue of {_leg_name(ground, index)} {holds}, the ledger says {ledger}")
    return "; ".join(parts)


def _legs_words(ground: Ground, lots: Sequence[int]) -> str:
    parts = (f"{_amount(ground, index, one)} on {_leg_name(ground, index)}" for index, one in enumerate(lots))
    return ", ".join(parts)


def _amount(ground: Ground, index: int, lots: int) -> str:
    instrument = ground.program.legs[index].instrument
    return f"{plain(instrument.quantity(lots))} {instrument.base}"


def _leg_name(ground: Ground, index: int) -> str:
    return f"leg {ground.program.legs[index].name}"


class Telling(msgspec.Struct, frozen=True):
    """A step, the run's numbers of the orders by leg and rank before it, and all orders `placed` so far by
    (leg, number).
    """

    ground: Ground
    step: Step
    numbers: tuple[tuple[int, ...], ...]
    placed: Mapping[tuple[int, int], cm.PlaceOrder]

    def happened(self) -> str:
        """What happened; "" where it tells nothing."""
        move = self.step.move
        words = self._silence() if move.event is None else _WORDS[type(move.event)](self, move.event)
        if self.step.bug:
            words = f"{words or move.what}; the engine refuses: {self.step.bug}"
        if move.kind is Kind.DOWN:
            venue = self.ground.program.legs[move.leg].instrument.venue
            words = f"{words}; the venue {venue} stays down"
        return words

    def asked(self) -> str:
        """What the engine asked for; "" for what tells nothing."""
        reads, parts = dict[str, list[int]](), []
        for command in self.step.asked:
            if isinstance(command, cm.ReadPosition | cm.SweepOrders) and self._went_on():
                reads.setdefault(_READS[type(command)], []).append(command.leg)
            elif type(command) in _REQUESTS:
                parts.append(_REQUESTS[type(command)](self, command))
        told = (f"{words}: {self._names(legs)}" for words, legs in reads.items())
        return "; ".join((*parts, *told))

    def _went_on(self) -> bool:
        """Whether the run went on to another phase: reads made again, or at the start, tell nothing."""
        before, after = self.step.before[0], self.step.after
        if before.stage is Stage.START:
            return False
        here = (before.stage, before.phase, before.step)
        return after is None or here != (after[0].stage, after[0].phase, after[0].step)

    # --- names ---

    def leg(self, index: int) -> str:
        """`leg a`."""
        return _leg_name(self.ground, index)

    def _names(self, legs: Sequence[int]) -> str:
        names = [self.ground.program.legs[index].name for index in legs]
        return f"leg {names[0]}" if len(names) == 1 else f"legs {', '.join(names)}"

    def amount(self, index: int, lots: int) -> str:
        """`0.2 ETH`."""
        return _amount(self.ground, index, lots)

    def order(self, leg: int, rank: int, *, whole: bool = False) -> str:
        """`order 1`, and with `whole` what it is: `order 1 (post-only sell 0.2 ETH)`."""
        number = self.numbers[leg][rank - 1]
        return (
            f"order {number} ({self.order_words(self.placed[leg, number])})" if whole else f"order {number}"
        )

    def order_words(self, order: cm.PlaceOrder) -> str:
        """`IOC sell 0.1 ETH`."""
        side = "buy" if order.side is Side.BUY else "sell"
        return f"{NAMES[order.type]} {side} {self.amount(order.leg, order.lots)}"

    def part(self, leg: int, rank: int, lots: int) -> str:
        """How much of an order that is: `whole`, `nothing` or `0.1 of 0.2 ETH`."""
        size = self.placed[leg, self.numbers[leg][rank - 1]].lots
        if lots in (0, size):
            return "whole" if lots else "nothing"
        return f"{self.amount(leg, lots).split()[0]} of {self.amount(leg, size)}"

    # --- what nobody tells ---

    def _silence(self) -> str:
        """A request whose answer is lost, with what became of it."""
        index = self.step.move.leg
        before, after = self.step.before[1].legs[index], self.step.move.world.legs[index]
        lost = [one for one in before.calls if one not in after.calls]
        return "; ".join(f"{self.leg(index)}: {self.lost(index, *one, before, after)}" for one in lost)

    def lost(self, leg: int, n: int, call: Call, before: LegWorld, after: LegWorld) -> str:
        """A request that nobody answers, and the truth about it."""
        truth = _fate(n, call, before, after)
        if call is Call.PLACE:
            return f"the answer to {self.order(leg, n, whole=True)} is lost; {truth}"
        what = "cancel" if call is Call.CANCEL else "look-up"
        return f"the {what} of {self.order(leg, n)} gets no answer{f'; {truth}' if truth else ''}"


def _fate(n: int, call: Call, before: LegWorld, after: LegWorld) -> str:
    """What truly became of an order whose answer was lost."""
    was, now = order_of(before, n), order_of(after, n)
    if call is Call.FIND or (call is Call.CANCEL and was is None):
        return ""
    if call is Call.CANCEL:
        applied = now is not None and now.fate is Fate.SHUT
        return "it is cancelled all the same" if applied else "it was not cancelled"
    if now is None:
        return "it never got there"
    if now.fate is Fate.LIVE:
        return "it is at the venue"
    filled = was is not None and now.low > was.low
    return "it was filled whole" if filled else "any part of it may be filled"


# --- events ---------------------------------------------------------------------------------------


def _woken(telling: Telling, _: ev.Woken) -> str:
    """A timer that fell due; a pause between two tries tells nothing."""
    before, due = telling.step.before[0], telling.step.move.state
    phase = telling.ground.program.phases[before.phase]
    limits = telling.ground.program.scopes[phase.scope].limits
    for index, leg in enumerate(due.legs):
        ranks = [one.n for one in (leg.order, leg.stop) if one is not None and one.due_ns == NOW]
        if ranks:
            orders = ", ".join(telling.order(index, n) for n in ranks)
            return f"{telling.leg(index)}: no word of {orders} in time"
    if due.dues != before.dues:
        return f"the deadline of {show_time(limits.deadline_ns)} falls due"
    if due.naked_ns != before.naked_ns:
        return f"unhedged for longer than {show_time(limits.unhedged_ns)}"
    if due.timer_ns == NOW and before.stage is Stage.PHASE:
        return _window_over(phase)
    return ""


def _window_over(phase: Phase) -> str:
    if phase.kind in (PhaseKind.REST, PhaseKind.WAIT):
        return f"its time of {show_time(phase.for_ns)} is over"
    return "no answer to the alert in time" if phase.kind is PhaseKind.ALERT else ""


def _accepted(telling: Telling, event: ev.OrderAccepted) -> str:
    words = f"{telling.leg(event.leg)}: {telling.order(event.leg, event.order, whole=True)} is accepted"
    if telling.step.move.kind is Kind.FREE:
        return words
    before, after = telling.step.before[1].legs[event.leg], telling.step.move.world.legs[event.leg]
    return f"{words}, but its result is lost; {_fate(event.order, Call.PLACE, before, after)}"


def _rejected(telling: Telling, event: ev.OrderRejected) -> str:
    why = ": it would take" if event.why is RejectKind.POST_ONLY_CROSS else ""
    return f"{telling.leg(event.leg)}: {telling.order(event.leg, event.order)} is refused{why}"


def _filled(telling: Telling, event: ev.OrderFilled) -> str:
    part = telling.part(event.leg, event.order, event.cum)
    how = "is filled whole" if part == "whole" else f"has filled {part} so far"
    return f"{telling.leg(event.leg)}: {telling.order(event.leg, event.order)} {how}"


def _ended(telling: Telling, event: ev.OrderEnded) -> str:
    order = f"{telling.leg(event.leg)}: {telling.order(event.leg, event.order)}"
    if event.cum < 0:
        return f"{order} is cancelled; how much of it was filled is not told"
    part = telling.part(event.leg, event.order, event.cum)
    if event.why is EndKind.EXPIRED:
        return f"{order} fills {part}, the rest expires" if event.cum else f"{order} fills nothing"
    if telling.step.move.kind is not Kind.FREE:
        return f"{order} is ended by the venue with {part} filled"
    return f"{order} is cancelled with {part} filled"


def _refused(telling: Telling, event: ev.CancelRefused) -> str:
    return f"{telling.leg(event.leg)}: it is too late to cancel {telling.order(event.leg, event.order)}"


def _found(telling: Telling, event: ev.OrderFound) -> str:
    order, leg = telling.order(event.leg, event.order), telling.leg(event.leg)
    if event.found is FoundKind.ERROR:
        return f"{leg}: the look-up of {order} fails"
    if event.found is FoundKind.ABSENT:
        return f"{leg}: the venue knows of no {order}"
    if event.found is FoundKind.LIVE:
        return f"{leg}: {order} still works"
    return f"{leg}: {order} is over with {telling.part(event.leg, event.order, event.cum)} filled"


def _lost(telling: Telling, event: ev.AnswerLost) -> str:
    """An order's call that ends without an answer, with what became of it."""
    before, after = telling.step.before[1].legs[event.leg], telling.step.move.world.legs[event.leg]
    gone = [one for one in before.calls if one not in after.calls]
    return (
        f"{telling.leg(event.leg)}: {'; '.join(telling.lost(event.leg, *one, before, after) for one in gone)}"
    )


def _position(telling: Telling, event: ev.PositionRead) -> str:
    """A position that is not as the ledger has it, or as it truly is."""
    ledger = telling.step.move.state.legs[event.leg]
    low, high = reach(telling.step.move.world.legs[event.leg])
    leg = telling.leg(event.leg)
    if event.lots is None:
        return f"{leg}: the position cannot be read"
    told = f"{leg}: the venue says {telling.amount(event.leg, event.lots)}"
    truth = "" if low <= event.lots <= high else f"in truth it is {telling.amount(event.leg, low)}"
    if not ledger.known or event.lots == ledger.position:
        return f"{told}; {truth}" if truth else ""
    books = telling.amount(event.leg, ledger.position)
    same = truth and low == ledger.position
    return f"{told}; in truth and in the ledger it is {books}" if same else _but(told, truth, books)


def _but(told: str, truth: str, books: str) -> str:
    return "; ".join(part for part in (told, truth, f"the ledger says {books}") if part)


def _swept(telling: Telling, event: ev.OrdersSwept) -> str:
    leg = telling.leg(event.leg)
    if not event.ok:
        return f"{leg}: own orders cannot be listed"
    found = f"{event.found} own order{'' if event.found == 1 else 's'}"
    return f"{leg}: {found} found and cancelled" if event.found else ""


def _book(telling: Telling, event: ev.BookRead) -> str:
    """A book as it should be tells nothing."""
    lattice, what = telling.ground.legs[event.leg], telling.step.move.what
    usual = (event.bid, event.ask) == (lattice.bid, lattice.ask) and event.age_ns == 0
    holds = event.reach >= lattice.whole and event.bid_lots >= lattice.whole
    return "" if usual and holds else f"{telling.leg(event.leg)}: {what}"


def _no_book(telling: Telling, event: ev.BookMissing) -> str:
    return f"{telling.leg(event.leg)}: no book"


def _alert(_: Telling, event: ev.AlertSent) -> str:
    return "" if event.ok else "the alert cannot be sent"


def _wish(telling: Telling, _event: ev.Wish) -> str:
    return telling.step.move.what


def _restart(telling: Telling, _: ev.Restarted) -> str:
    """A crash, with what became of the requests under way."""
    parts = ["the process dies and comes back"]
    sides = zip(telling.step.before[1].legs, telling.step.move.world.legs, strict=True)
    for index, (before, after) in enumerate(sides):
        lost = (telling.lost(index, *one, before, after) for one in before.calls)
        parts += [f"{telling.leg(index)}: {told}" for told in lost]
    return "; ".join(parts)


_WORDS: dict[type, Callable[[Telling, Any], str]] = {
    ev.Woken: _woken,
    ev.BookRead: _book,
    ev.BookMissing: _no_book,
    ev.OrderAccepted: _accepted,
    ev.OrderRejected: _rejected,
    ev.OrderFilled: _filled,
    ev.OrderEnded: _ended,
    ev.CancelRefused: _refused,
    ev.OrderFound: _found,
    ev.AnswerLost: _lost,
    ev.PositionRead: _position,
    ev.OrdersSwept: _swept,
    ev.AlertSent: _alert,
    ev.StopAsked: _wish,
    ev.PauseAsked: _wish,
    ev.FlattenAsked: _wish,
    ev.Restarted: _restart,
}


# --- requests -------------------------------------------------------------------------------------


def _place(telling: Telling, order: cm.PlaceOrder) -> str:
    number = max(n for (leg, n), one in telling.placed.items() if leg == order.leg and one == order)
    words = f"{telling.leg(order.leg)}: {telling.order_words(order)}"
    if order.type not in RESTING:
        paid = pay_up(telling.ground, order.leg, order.side, order.price)
        words += " inside the touch" if paid == NONE else f", {show_bps(paid)} through the touch"
    return f"{words} (order {number})"


def _cancel(telling: Telling, command: cm.CancelOrder) -> str:
    return f"{telling.leg(command.leg)}: cancel {telling.order(command.leg, command.order)}"


def _find(telling: Telling, command: cm.FindOrder) -> str:
    return f"{telling.leg(command.leg)}: look {telling.order(command.leg, command.order)} up"


def _tell_human(_: Telling, command: cm.SendAlert) -> str:
    """Of a halt's alert only why: what is open is told at the end."""
    halts, rest = command.text.partition(" halts: ")[1:]
    why = rest.partition(";")[0]
    if not halts:
        return f"alert: {command.text}"
    return f"halt, and tell a human: {why}" if why else "halt, and tell a human"


def _end(telling: Telling, command: cm.EndRun) -> str:
    assert telling.step.after is not None, "a run that ended is somewhere"
    legs = telling.step.after[0].legs
    ledger = _legs_words(telling.ground, [leg.position for leg in legs])
    halted = command.end is EndName.HALTED
    return f"the run ends {command.end.value}{f' ({command.risk.value})' if halted else ''}: {ledger}"


_READS = {cm.ReadPosition: "read positions", cm.SweepOrders: "sweep own orders"}
_REQUESTS: dict[type, Callable[[Telling, Any], str]] = {
    cm.PlaceOrder: _place,
    cm.CancelOrder: _cancel,
    cm.FindOrder: _find,
    cm.SendAlert: _tell_human,
    cm.EndRun: _end,
}
