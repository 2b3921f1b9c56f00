"""What was heard of one order, as the script that says it again."""

from typing import Any

from dnkit.engine.orders import IMMEDIATE
from dnkit.machine.program import LegSpec
from dnkit.model import events as ev
from dnkit.model.commands import PlaceOrder
from dnkit.model.terms import RESTING, FoundKind
from dnkit.sim.text import Tree, moment, money, quantity, worth
from dnkit.sim.venue import LASTS

SILENT: Tree = {"silent": None}
NOT_ARRIVED: Tree = {"silent": None, "arrived": "false"}


class OrderLog:
    """One order of a log. `cum`, `worth` and `fee` are the highest totals told, `over` once its end was told;
    `seen` once the venue showed that it knows it, `whole` once a fill completed it.
    """

    def __init__(self, spec: LegSpec, order: PlaceOrder) -> None:
        self.spec = spec
        self.order = order
        self.cum = self.worth = self.fee = 0
        self.over = self.seen = self.whole = False
        self._placed: list[Tree] = []
        self._cancels: list[Tree | None] = []
        self._finds: list[Tree | None] = []
        self._numbers: list[int] = []  # of the look-ups

    def ask_cancel(self) -> None:
        """A cancel went out."""
        self._cancels.append(None)

    def ask_find(self, request: int) -> None:
        """A look-up of that number went out."""
        self._finds.append(None)
        self._numbers.append(request)

    def hear(self, event: ev.OrderFact, when: Tree, now: int) -> None:
        """A fact about it came in at `now` of the run; `when` is that as the script says it."""
        reply = {**self._reply(event, now), **when}
        slot = self._slot(event)
        if slot is None:
            self._placed.append(reply)
        else:
            slot[self._nth(event, slot)] = reply

    def _slot(self, event: ev.OrderFact) -> list[Tree | None] | None:
        """The requests among which the answered one is: the first without an answer. None: the placement."""
        cancels = self._cancels if None in self._cancels else None
        finds = self._finds if None in self._finds else None
        if isinstance(event, ev.OrderFound):
            return finds
        if isinstance(event, ev.CancelRefused | ev.OrderEnded):
            return cancels
        return finds or cancels if isinstance(event, ev.AnswerLost) else None

    def _nth(self, event: ev.OrderFact, slot: list[Tree | None]) -> int:
        """Which of those requests is answered: the first, or the first of the look-up's number."""
        open_ones = [at for at, one in enumerate(slot) if one is None]
        if not isinstance(event, ev.OrderFound):
            return open_ones[0]
        return next((at for at in open_ones if self._numbers[at] == event.request), open_ones[0])

    def _reply(self, event: ev.OrderFact, now: int) -> Tree:
        if isinstance(event, ev.OrderRejected):
            self.over = True
            return {"rejected": event.why.value}
        if isinstance(event, ev.OrderFilled):
            return self._filled(event, now)
        if isinstance(event, ev.OrderEnded):
            return self._ended(event)
        if isinstance(event, ev.OrderFound):
            return self._found(event)
        if isinstance(event, ev.AnswerLost):
            return self._lost(event)
        self.seen = self.seen or isinstance(event, ev.OrderAccepted)
        return {"accepted": None} if isinstance(event, ev.OrderAccepted) else {"too_late": None}

    def _filled(self, event: ev.OrderFilled, now: int) -> Tree:
        if event.cum <= self.cum:
            return {"repeated": quantity(self.spec, event.cum)}
        reply = {"filled": quantity(self.spec, event.cum - self.cum), **self._cost(event)}
        if self.over:
            reply["late"] = "true"
        if event.traded_ns and event.traded_ns != event.at_ns:
            reply["traded"] = moment(max(0, event.traded_ns - event.at_ns + now))
        self._count(event)
        self.whole = event.cum >= self.order.lots
        return reply

    def _ended(self, event: ev.OrderEnded) -> Tree:
        reply = {"ended": event.why.value, **self._total(event)}
        self.over = self.seen = True
        return reply

    def _found(self, event: ev.OrderFound) -> Tree:
        known = event.found in (FoundKind.LIVE, FoundKind.OVER)
        reply = {event.found.value: None, **(self._total(event) if known or event.cum else {})}
        self.seen = self.seen or known
        self.over = self.over or event.found is FoundKind.OVER
        return reply

    def _lost(self, event: ev.AnswerLost) -> Tree:
        if self._slot(event) is not None:
            return {"lost": None, "arrived": "false"}
        self.over = self.over or self.order.type in IMMEDIATE
        return {"lost": None}

    def _total(self, event: ev.OrderEnded | ev.OrderFound) -> Tree:
        if event.cum < 0:
            return {"total": "untold"}
        if event.cum == self.cum:
            return {}
        reply = {"total": quantity(self.spec, event.cum)}
        if event.cum > self.cum:
            reply |= self._cost(event)
            self._count(event)
        return reply

    def _cost(self, event: ev.OrderFilled | ev.OrderEnded | ev.OrderFound) -> Tree:
        """What the new part of a total cost, and its fee where it is not the instrument's."""
        paid, fee = event.worth - self.worth, event.fee - self.fee
        usual = self.spec.instrument.fee(paid, maker=self.order.type in RESTING)
        return {"for": worth(self.spec, paid), **({} if fee == usual else {"fee": money(fee)})}

    def _count(self, event: ev.OrderFilled | ev.OrderEnded | ev.OrderFound) -> None:
        self.cum, self.worth, self.fee = event.cum, event.worth, event.fee
        self.seen = True

    def script(self) -> Any:
        """Its script. What was never heard is said to be silent."""
        cancels = [one or NOT_ARRIVED for one in self._cancels]
        finds = [one or SILENT for one in self._finds]
        sections = {"placed": self._after_placing(), "cancel": cancels, "find": finds}
        return {key: value for key, value in sections.items() if value}

    def _after_placing(self) -> list[Tree]:
        placed, words = self._placed, {word for one in self._placed for word in one}
        if not self.seen and "rejected" not in words:
            lost = [{**one, "arrived": "false"} if "lost" in one else one for one in placed]
            return lost if "lost" in words else [*placed, NOT_ARRIVED]
        rests = self.order.type not in IMMEDIATE
        ends = self.whole or rests or any(word.value in words for word in LASTS)
        return [*placed] if ends and placed else [*placed, SILENT]
