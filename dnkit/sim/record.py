"""A scenario made from what a bot heard and asked for: run again, it hears and asks for the same."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from dnkit.engine.step import begin, step
from dnkit.machine.program import Program
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.errors import DnkitError
from dnkit.policies.diagnostics import Diagnostic
from dnkit.sim.read import read_scenario
from dnkit.sim.record_orders import SILENT, OrderLog
from dnkit.sim.run import RUN_ID, run
from dnkit.sim.scenario import PolicyRef, Scenario, want_of
from dnkit.sim.text import Tree, moment, money, price, quantity, worth, yaml_of
from dnkit.sim.venue import MUCH, PLENTY

Log = Sequence[tuple[ev.Event, tuple[cm.Command, ...]]]
PATH = "<recorded>"


class Unplayable(DnkitError):
    """A log that no scenario plays again."""


def scenario_of(
    policy: PolicyRef, program: Program, starts: Sequence[int], log: Log, *, name: str, about: str
) -> str:
    """The text of a scenario that plays a log; it begins with Started, what comes after the end is left out.

    `starts` are the true opening positions in lots. Unplayable when the program does not ask for the same at
    these events, or when there are too many of them for one file.
    """
    found: tuple[Diagnostic, ...] = ()
    for numbered in (False, True):
        recorder = _Recorder(program, log, numbered=numbered)
        recorder.walk()
        made = yaml_of({**_head(policy, name, about), **recorder.tree(starts)})
        scenario, found = _read(made, program)
        if scenario is not None and replays(scenario, log):
            return made
    why = found[0].message if found else "other requests follow from the same events"
    raise Unplayable(f"these events make no scenario: {why}")


def _read(made: str, program: Program) -> tuple[Scenario | None, tuple[Diagnostic, ...]]:
    read = read_scenario(made, PATH, lambda _: program)
    return read.scenario, read.diagnostics


def replays(scenario: Scenario, log: Log) -> bool:
    """Whether a run of the scenario asks for all that was asked for in the log, in the same order."""
    asked = [_anonymous(one) for _, commands in until_end(log) for one in commands]
    again = run(scenario).commands()[: len(asked)]
    return [_anonymous(one) for one in again] == asked


def until_end(log: Log) -> Iterator[tuple[ev.Event, tuple[cm.Command, ...]]]:
    """The log up to the step that ended the run."""
    for event, commands in log:
        yield event, commands
        if any(isinstance(one, cm.EndRun) for one in commands):
            return


def _started(log: Log) -> ev.Started:
    first = log[0][0] if log else None
    if not isinstance(first, ev.Started):
        raise Unplayable("a log begins with Started")
    return first


def _anonymous(command: cm.Command) -> cm.Command:
    """The request without the id of its run."""
    if isinstance(command, cm.PlaceOrder | cm.CancelOrder | cm.FindOrder):
        return replace(command, key="")
    if isinstance(command, cm.SweepOrders):
        return replace(command, keep=tuple(one.rpartition("-")[2] for one in command.keep))
    return command


def _head(policy: PolicyRef, name: str, about: str) -> Tree:
    options = {
        "clip": policy.clips,
        "symbols": policy.symbols,
        "sides": policy.sides,
        "venues": policy.venues,
    }
    head: Tree = {"scenario": "1", "name": name, "about": about, "policy": policy.name}
    head |= {"set": dict(policy.settings)} if policy.settings else {}
    head |= {"reason": policy.reason} if policy.reason else {}
    return head | {key: _option(texts) for key, texts in options.items() if texts}


def _option(texts: tuple[str, ...]) -> Any:
    """One text for all legs, or a text per leg."""
    return texts[0] if "=" not in texts[0] else dict(text.split("=", 1) for text in texts)


class _Recorder:
    """Walks a log. With `numbered`, what comes at one moment says in what order it comes."""

    def __init__(self, program: Program, log: Log, *, numbered: bool) -> None:
        legs = len(program.legs)
        self.program = program
        self.log = list(until_end(log))
        self.started = _started(log)
        self.began_ns = self.started.at_ns
        self.state = begin(program, RUN_ID)
        self.now = 0
        self.orders: dict[tuple[int, int], OrderLog] = {}
        self.sent: list[cm.PlaceOrder] = []
        self.end: cm.EndRun | None = None
        # Answers by leg (-1: alerts) and kind of request, in the order of the requests; SILENT until heard.
        self.answers: dict[tuple[int, type], dict[int, Tree]] = {}
        self.asked: dict[tuple[int, type, int], cm.ReadBook] = {}
        self.unasked: list[list[Tree]] = [[] for _ in range(legs)]
        self.other: dict[str, list[Tree]] = {name: [] for name in ("crash", "stop", "operator", "wakes")}
        moments = Counter(event.at_ns for event, _ in self.log) if numbered else Counter[int]()
        self._shared = {at_ns for at_ns, count in moments.items() if count > 1}
        self._nth = 0

    def walk(self) -> None:
        """Take all of the log in."""
        last_ns = -1
        for event, asked in self.log:
            self._nth = self._nth + 1 if event.at_ns == last_ns else 0
            last_ns = event.at_ns
            self.now = max(self.now, event.at_ns - self.began_ns)
            self._hear(event)
            self.state, commands = step(self.program, self.state, event)
            if [*map(_anonymous, commands)] != [*map(_anonymous, asked)]:
                raise Unplayable(f"the program asks for something else at {event}")
            for command in commands:
                self._ask(command)

    def _when(self) -> Tree:
        nth = {"nth": str(self._nth)} if self._nth and self.now + self.began_ns in self._shared else {}
        return {"at": moment(self.now), **nth}

    def _ask(self, command: cm.Command) -> None:
        if isinstance(command, cm.PlaceOrder):
            self.sent.append(command)
            key = (command.leg, command.order)
            self.orders[key] = OrderLog(self.program.legs[command.leg], command)
        elif isinstance(command, cm.CancelOrder):
            self.orders[command.leg, command.order].ask_cancel()
        elif isinstance(command, cm.FindOrder):
            self.orders[command.leg, command.order].ask_find(command.request)
        elif isinstance(command, cm.EndRun):
            self.end = command
        else:
            leg = getattr(command, "leg", -1)
            self.answers.setdefault((leg, type(command)), {})[command.request] = SILENT
            if isinstance(command, cm.ReadBook):
                self.asked[leg, cm.ReadBook, command.request] = command

    def _hear(self, event: ev.Event) -> None:
        if isinstance(event, ev.OrderFact):
            self.orders[event.leg, event.order].hear(event, self._when(), self.now)
        elif isinstance(event, ev.PositionRead):
            self._hear_position(event)
        elif isinstance(event, ev.OrdersSwept):
            word: Tree = {"found": str(event.found)} if event.ok else {"error": None}
            self._answer(event.leg, cm.SweepOrders, event.request, word)
            self._sweep(event)
        elif isinstance(event, ev.AlertSent):
            self._answer(-1, cm.SendAlert, event.request, {"sent" if event.ok else "failed": None})
        elif isinstance(event, ev.BookRead):
            self._answer(event.leg, cm.ReadBook, event.request, self._book(event))
        elif isinstance(event, ev.BookMissing):
            self._answer(event.leg, cm.ReadBook, event.request, {"missing": event.why or "no book"})
        else:
            self._hear_other(event)

    def _answer(self, leg: int, kind: type, request: int, said: Tree) -> None:
        self.answers[leg, kind][request] = {**said, **self._when()}

    def _hear_position(self, event: ev.PositionRead) -> None:
        spec = self.program.legs[event.leg]
        said: Tree = {"error": None} if event.lots is None else {"is": quantity(spec, event.lots)}
        if event.as_of_ns != event.at_ns:
            said["as_of"] = moment(max(0, event.as_of_ns - self.began_ns))
        if event.request in self.answers.get((event.leg, cm.ReadPosition), {}):
            self._answer(event.leg, cm.ReadPosition, event.request, said)
        else:
            self.unasked[event.leg].append({**said, **self._when()})

    def _sweep(self, event: ev.OrdersSwept) -> None:
        """What was swept away is over; a stop may have been kept."""
        for (leg, _), order in self.orders.items():
            if event.ok and leg == event.leg and not order.order.stop:
                order.over = True

    def _hear_other(self, event: ev.Event) -> None:
        when = self._when()
        if isinstance(event, ev.Restarted):
            self.other["crash"].append({**when, "down": "0s"})
        elif isinstance(event, ev.Wish):
            wants, why = want_of(event), {"why": event.why or "asked"}
            if wants is None:
                self.other["stop"].append({**when, **why})
            else:
                self.other["operator"].append({**when, "wants": wants.value, **why})
        elif isinstance(event, ev.Woken):
            due_ns = (self.state.wake_ns or 0) - self.began_ns
            if due_ns != self.now or event.at_ns in self._shared:
                self.other["wakes"].append({"due": moment(max(0, due_ns)), **when})

    def _book(self, event: ev.BookRead) -> Tree:
        """What of a book is not as it would be anyway."""
        spec, asked = self.program.legs[event.leg], self.asked[event.leg, cm.ReadBook, event.request]
        touch = event.ask if asked.side > 0 else event.bid
        size = event.ask_lots if asked.side > 0 else event.bid_lots
        parts = {
            "bid_size": (event.bid_lots != PLENTY, quantity(spec, event.bid_lots)),
            "ask_size": (event.ask_lots != PLENTY, quantity(spec, event.ask_lots)),
            "age": (event.age_ns != 0, moment(event.age_ns)),
            "marginal": (
                event.marginal != (touch if size >= asked.lots else 0),
                price(spec, event.marginal),
            ),
            "reach": (event.reach != size, quantity(spec, event.reach)),
            "volume": (
                asked.volume_ns > 0 and event.volume != MUCH,
                "unknown" if event.volume < 0 else money(event.volume),
            ),
        }
        said = {key: text for key, (differs, text) in parts.items() if differs}
        return {"bid": price(spec, event.bid), "ask": price(spec, event.ask), **said}

    # --- the tree ---

    def tree(self, starts: Sequence[int]) -> Tree:
        """All but the head of the scenario."""
        made: Tree = {
            "start": self._by_leg([quantity(self.program.legs[at], lots) for at, lots in enumerate(starts)]),
            **self._started(starts),
            "books": self._books(),
            "looks": self._turns(cm.ReadBook),
            "orders": {self._name(key): one.script() for key, one in self.orders.items()},
            "positions": self._turns(cm.ReadPosition),
            "unasked": self._by_leg(self.unasked),
            "sweeps": self._turns(cm.SweepOrders),
            "alerts": [*self.answers.get((-1, cm.SendAlert), {}).values()],
            **self.other,
        }
        return {key: value for key, value in made.items() if value} | {"expect": self._expect()}

    def _by_leg(self, values: Sequence[Any]) -> Tree:
        legs = zip(self.program.legs, values, strict=True)
        return {leg.name: value for leg, value in legs if value not in (None, [], "0")}

    def _turns(self, kind: type) -> Tree:
        answers = [self.answers.get((leg, kind), {}) for leg in range(len(self.program.legs))]
        return self._by_leg([[*one.values()] for one in answers])

    def _started(self, starts: Sequence[int]) -> Tree:
        started = self.started
        legs = list(zip(self.program.legs, starts, started.ledger, started.entry, strict=True))
        ledger = {
            leg.name: "unknown" if known is None else quantity(leg, known)
            for leg, start, known, _ in legs
            if known != start
        }
        entry = {leg.name: worth(leg, cost) for leg, _, _, cost in legs if cost is not None}
        return {"ledger": ledger, "entry": entry}

    def _books(self) -> Tree:
        """For looks that the log does not have: the first book that was seen."""
        found: Tree = {}
        for leg, spec in enumerate(self.program.legs):
            seen = self.answers.get((leg, cm.ReadBook), {}).values()
            first = next((one for one in seen if "bid" in one), None)
            found[spec.name] = (
                {"missing": None} if first is None else {key: first[key] for key in ("bid", "ask")}
            )
        return found

    def _name(self, key: tuple[int, int]) -> str:
        return f"{self.program.legs[key[0]].name}#{key[1]}"

    def _expect(self) -> Tree:
        if self.end is None:
            return {"orders": [self._order(one) for one in self.sent] or "none"}
        return {
            "end": self.end.end.value,
            "risk": self.end.risk.value,
            "orders": [self._order(one) for one in self.sent] or "none",
        }

    def _order(self, order: cm.PlaceOrder) -> Tree:
        spec = self.program.legs[order.leg]
        return {
            "order": self._name((order.leg, order.order)),
            "side": order.side.name.lower(),
            "quantity": quantity(spec, order.lots),
            "type": order.type.value,
            "price": price(spec, order.price),
            "reason": order.reason,
        }
