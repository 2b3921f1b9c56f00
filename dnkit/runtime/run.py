"""One run: accounts, seats behind gateways, a desk, one line in the journal for each step; at the end a
second opinion.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from random import Random

import msgspec

from dnkit.desk.alerts import Alerts, Lookout, Vitals, halt_level, of_end
from dnkit.desk.desk import Answer, Desk
from dnkit.desk.gateway.gateway import Gateway
from dnkit.desk.gateway.risk import lowers_risk
from dnkit.desk.gateway.traffic import Traffic
from dnkit.desk.gateway.wire import Wire
from dnkit.engine.state import Stage, State
from dnkit.journal.reader import Reader
from dnkit.journal.records import Position, RunHeader
from dnkit.journal.writer import Journal
from dnkit.machine.program import Program
from dnkit.model.alerts import DONE, HALT, POLICY_ALERT, Alert
from dnkit.model.capabilities import Capabilities
from dnkit.model.commands import Command, EndRun, PlaceOrder, ReadBook, ReadPosition, SendAlert
from dnkit.model.errors import DnkitError
from dnkit.model.events import Event, FlattenAsked, Restarted, Started, StopAsked, Wish
from dnkit.model.ids import order_key
from dnkit.model.terms import PAPER, EndName, Risk
from dnkit.runtime.helm import Helm
from dnkit.runtime.house import House, Time
from dnkit.runtime.pager import Pager
from dnkit.runtime.seeding import note
from dnkit.venues.account import Account
from dnkit.venues.base import Request
from dnkit.venues.judge import Verdict

Watch = Callable[[Event, State], None]
NO_ALERTS: Alerts = {}


class Floor(msgspec.Struct, frozen=True):
    """Shared by all runs of a command.

    `traffic` holds what all of them ask of a venue, by venue; it fills as venues are met. `vitals` is how
    their trading goes.
    """

    journal: Journal
    reader: Reader
    house: House
    world: Time
    pager: Pager
    helm: Helm
    seed: int = 0
    traffic: dict[str, Traffic] = msgspec.field(default_factory=dict)
    vitals: Vitals = msgspec.field(default_factory=Vitals)


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended. `verdicts` are the judge's, one per leg; `trouble` is what the journal suffered, "" if
    nothing.
    """

    run_id: str
    program: Program
    state: State
    ended: EndRun
    trouble: str
    stopped: bool
    verdicts: tuple[Verdict, ...]
    began_ns: int
    ended_ns: int

    @property
    def verified(self) -> bool:
        """Whether the venue's own book agrees with the run on every leg."""
        return all(one.ok for one in self.verdicts)

    @property
    def is_flat(self) -> bool:
        """Whether it ended with nothing open that can be traded, by its own word."""
        return self.ended.risk is Risk.FLAT or self.ended.end is EndName.FLAT

    @property
    def traded(self) -> bool:
        """Whether anything was filled."""
        return any(
            one.cum for leg in self.state.legs for one in (*leg.past, leg.order, leg.stop) if one is not None
        )


class PaperRun:
    """A run between its first and its last line."""

    def __init__(
        self,
        floor: Floor,
        header: RunHeader,
        program: Program,
        state: State,
        books: Sequence[int],
        watch: Watch,
        alerts: Alerts = NO_ALERTS,
    ) -> None:
        """`books` are the indexes of the legs' books in the world; `alerts` levels by occasion."""
        self.header = header
        self.program = program
        self._floor = floor
        self._alerts = alerts
        self._lookout = Lookout(program, header.run_id, floor.vitals)
        self._stopped = self._flattened = False
        self._began_ns = floor.world.now()
        self.accounts = tuple(floor.house.account(spec) for spec in program.legs)
        wires = tuple(Wire() for _ in program.legs)
        self.seats = tuple(
            floor.house.seat(index, spec, self.accounts[index], books[index], header.run_id, wires[index])
            for index, spec in enumerate(program.legs)
        )
        self._gateways = tuple(self._gateway(index, wire) for index, wire in enumerate(wires))
        self.desk = Desk(
            program,
            state,
            ports=self._gateways,
            record=self._record,
            read_book=partial(self._read_book, tuple(books)),
            alert=self._alert,
            now=floor.world.now,
            at=floor.world.at,
            watch=watch,
        )

    def start(self) -> None:
        """Write the header and let the run begin with what the journal knows of its accounts."""
        self._floor.helm.began(self)
        self._floor.journal.start_run(self.header, self.program)
        self._floor.pager.run_id = self.header.run_id
        known = [self._ledger(account) for account in self.accounts]
        self.desk.handle(
            Started(
                at_ns=self._floor.world.now(),
                ledger=tuple(lots for lots, _ in known),
                entry=tuple(entry for _, entry in known),
            )
        )

    def restart(self) -> None:
        """Go on with a run whose process died. The journal tells its seats of its orders, its gateways what
        was asked of a venue lately.
        """
        now = self._floor.world.now()
        self._floor.helm.began(self)
        self._floor.pager.run_id = self.header.run_id
        lines = tuple(self._floor.reader.lines(self.header.run_id))
        asked = [(one.at_ns, what) for one in lines for what in one.requests() if isinstance(what, Request)]
        for line in lines:
            self._floor.helm.recall(line.fact())
        for at_ns, request in asked:
            self._gateways[request.leg].traffic.budget.recall(at_ns, now)
        for index, seat in enumerate(self.seats):
            seat.remember(one for _, one in asked if isinstance(one, PlaceOrder) and one.leg == index)
            for order in self._open_orders(index):
                self._gateways[index].remember(order, self._key(index, order))
        self.desk.handle(Restarted(now))

    def tell(self, wish: Wish) -> None:
        """Let the run hear what an operator wants of it."""
        self._flattened = self._flattened or isinstance(wish, FlattenAsked)
        self._stopped = self._flattened or self._stopped or isinstance(wish, StopAsked)
        self.desk.handle(wish)

    @property
    def state(self) -> State:
        """Where the run stands."""
        return self.desk.state

    def now(self) -> int:
        """Simulated time in nanoseconds."""
        return self._floor.world.now()

    def over(self) -> bool:
        """Whether it has ended."""
        return self.desk.ended is not None

    def close(self, exit_code: Callable[[RunResult], int]) -> RunResult:
        """Let what is on the wire arrive, hear the judge, and write the last record."""
        self._floor.world.settle(2 * max(seat.capabilities.latency_ns for seat in self.seats))
        result = self._result(self.desk.ended or EndRun(EndName.HALTED, Risk.UNKNOWN, "the run has no end"))
        self._floor.journal.end_run(
            self.header.run_id,
            result.ended.end,
            result.ended.risk,
            exit_code(result),
            result.ended.text,
            tuple(
                Position(index, leg.position, leg.entry)
                for index, leg in enumerate(result.state.legs)
                if leg.known
            ),
        )
        self._leave()
        self._tell_end(result.ended)
        return result

    def abandon(self, error: DnkitError) -> RunResult:
        """What the run stands on has failed (journal, accounts): an end without a record. The venue's book
        says what is open.
        """
        self._leave()
        result = self._result(EndRun(EndName.HALTED, Risk.FLAT, str(error)))
        touched = any(
            one.position or seat.opening for one, seat in zip(result.verdicts, self.seats, strict=True)
        )
        if result.verified and not touched:
            return result
        return msgspec.structs.replace(result, ended=EndRun(EndName.HALTED, Risk.UNKNOWN, str(error)))

    def _leave(self) -> None:
        for seat, gateway in zip(self.seats, self._gateways, strict=True):
            seat.leave()
            gateway.close()

    def _result(self, ended: EndRun) -> RunResult:
        return RunResult(
            run_id=self.header.run_id,
            program=self.program,
            state=self.desk.state,
            ended=ended,
            trouble=self._floor.journal.trouble,
            stopped=self._stopped,
            verdicts=self._verdicts(ended),
            began_ns=self._began_ns,
            ended_ns=self._floor.world.now(),
        )

    def _verdicts(self, ended: EndRun) -> tuple[Verdict, ...]:
        """The judge's word per leg. A protective stop that is meant to stay is no finding."""
        keeps = ended.end is EndName.PROTECTED
        return tuple(
            seat.verdict(
                leg.position if leg.known else None, self._kept_stop(index) if keeps else frozenset()
            )
            for index, (seat, leg) in enumerate(zip(self.seats, self.desk.state.legs, strict=True))
        )

    def _kept_stop(self, index: int) -> frozenset[str]:
        """Client id of the leg's kept stop, if there is one."""
        stop = self.desk.state.legs[index].stop
        return frozenset() if stop is None else frozenset({self._key(index, stop.n)})

    def _open_orders(self, index: int) -> Iterator[int]:
        leg = self.desk.state.legs[index]
        return (one.n for one in (leg.order, leg.stop) if one is not None)

    def _key(self, index: int, order: int) -> str:
        return order_key(self.header.run_id, self.program.legs[index].name, order)

    def _gateway(self, index: int, wire: Wire) -> Gateway:
        world, seat = self._floor.world, self.seats[index]
        gateway = Gateway(
            index,
            seat.capabilities,
            traffic_to(self._floor, seat.capabilities),
            wire.send,
            emit=self._emit,
            now=world.now,
            at=world.at,
            lowers_risk=self._lowers_risk,
        )
        wire.connect(seat.carry, gateway.hear, gateway.missed)
        return gateway

    def _lowers_risk(self, request: PlaceOrder | ReadPosition) -> bool:
        return lowers_risk(self.program, self.desk.state, request)

    def _emit(self, event: Event) -> None:
        self.desk.handle(event)

    def _record(
        self, event: Event, commands: tuple[Command, ...], state: State, digest: str, *, durable: bool
    ) -> None:
        self._floor.journal.append(
            self.header.run_id, state.seq, state.now_ns, event, commands, digest, durable, state
        )
        for alert in self._lookout.step(event, commands, state):
            self._raise(alert)

    def _read_book(self, books: tuple[int, ...], request: ReadBook) -> Answer:
        world = self._floor.world
        return world.books[books[request.leg]].read(world.now(), request)

    def _alert(self, request: SendAlert) -> bool:
        state, text = self.desk.state, request.text
        if state.stage is Stage.HALT:
            self._raise(HALT.raised(text, halt_level(self._alerts, self.program, state)))
        else:
            self._raise(POLICY_ALERT.raised(text, request.level))
        return True

    def _tell_end(self, ended: EndRun) -> None:
        """What a halt leaves behind, as loud as the halt, unless it is flattened next; a good end where the
        policy wants to hear of it.
        """
        for alert in of_end(self.program, ended) if not self._flattened else ():
            level = halt_level(self._alerts, self.program, self.desk.state)
            self._raise(msgspec.structs.replace(alert, severity=level))
        wanted = self._alerts.get("done")
        if wanted is not None and ended.end is not EndName.HALTED:
            self._raise(DONE.raised(f"{self.program.name}: {ended.end.value}", wanted))

    def _raise(self, alert: Alert) -> None:
        self._floor.pager.raise_alert(alert, self.header.run_id)

    def _ledger(self, account: Account) -> tuple[int | None, int | None]:
        """What the journal knows of an account. A paper account that it never heard of is a new one of ours,
        and known as it is; of a live one nothing is known then.
        """
        mode = self._floor.house.mode
        known = self._floor.reader.last_ledger(mode, account.market, account.venue, account.symbol)
        if known is None and mode != PAPER:
            return None, None
        if known is None:
            note(self._floor.journal, account, "first use")
            return account.lots, account.entry
        return known


def traffic_to(floor: Floor, capabilities: Capabilities) -> Traffic:
    """The traffic to a venue, shared by every leg of every run on the floor."""
    known = floor.traffic.get(capabilities.venue)
    if known is None:
        known = Traffic(
            capabilities,
            now=floor.world.now,
            at=floor.world.at,
            alert=floor.pager.raise_alert,
            dice=Random(f"{floor.seed}:{capabilities.venue}"),
            held=floor.helm.held,
        )
        floor.traffic[capabilities.venue] = known
    return known
