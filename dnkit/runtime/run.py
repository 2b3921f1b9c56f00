"""One run on paper: accounts, venues behind gateways, a desk, one line in the journal for each step; at the
end a second opinion.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from random import Random

import msgspec

from dnkit.desk.alerts import Alerts, Vitals, halt_level, of_end, of_read
from dnkit.desk.desk import Answer, Desk
from dnkit.desk.gateway.gateway import Gateway
from dnkit.desk.gateway.paper import PaperWire
from dnkit.desk.gateway.risk import lowers_risk
from dnkit.desk.gateway.traffic import Traffic
from dnkit.engine.state import Stage, State
from dnkit.journal.reader import Reader
from dnkit.journal.records import Position, RunHeader
from dnkit.journal.writer import Journal
from dnkit.machine.program import LegSpec, Program
from dnkit.model.alerts import HALT, Alert
from dnkit.model.capabilities import Capabilities
from dnkit.model.commands import Command, EndRun, PlaceOrder, ReadBook, SendAlert
from dnkit.model.errors import DnkitError
from dnkit.model.events import Event, PositionRead, Restarted, Started, StopAsked
from dnkit.model.ids import order_key
from dnkit.model.terms import EndName, Risk
from dnkit.runtime.seeding import MODE, note
from dnkit.runtime.world import World
from dnkit.venues.account import Account
from dnkit.venues.accounts import PaperAccounts
from dnkit.venues.judge import Verdict, judge
from dnkit.venues.paper import PaperVenue

Watch = Callable[[Event, State], None]
NO_ALERTS: Alerts = {}


class Floor(msgspec.Struct, frozen=True):
    """Shared by all runs of a command. `market` names the accounts; `alert` carries an alert to a human.

    `traffic` holds what all of them ask of a venue, by venue; it fills as venues are met. `vitals` is how
    their trading goes.
    """

    market: str
    journal: Journal
    reader: Reader
    accounts: PaperAccounts
    world: World
    capabilities: Mapping[str, Capabilities]
    alert: Callable[[str, str], None]
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
        self._mismatched: set[int] = set()
        self._watch = watch
        self._stopped = False
        self._began_ns = floor.world.now()
        self.accounts = tuple(load_account(floor, spec) for spec in program.legs)
        wires = tuple(PaperWire() for _ in program.legs)
        self.venues = tuple(self._venue(index, books[index], wire) for index, wire in enumerate(wires))
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
            watch=self._watched,
        )

    def start(self) -> None:
        """Write the header and let the run begin with what the journal knows of its accounts."""
        self._floor.journal.start_run(self.header, self.program)
        known = [self._ledger(account) for account in self.accounts]
        self.desk.handle(
            Started(
                at_ns=self._floor.world.now(),
                ledger=tuple(lots for lots, _ in known),
                entry=tuple(entry for _, entry in known),
            )
        )

    def restart(self) -> None:
        """Go on with a run whose process died. Its venues remember its orders by journal and tape."""
        fills = [self._floor.accounts.fills(account, self.header.run_id) for account in self.accounts]
        for line in self._floor.reader.lines(self.header.run_id):
            for request in line.requests():
                if isinstance(request, PlaceOrder):
                    own = [one for one in fills[request.leg] if one.trade.startswith(f"{request.key}#")]
                    self.venues[request.leg].recall(request, own)
        self.desk.handle(Restarted(self._floor.world.now()))

    def stop(self, why: str) -> None:
        """Let the run end by its policy's stop rule, once it knows what it would stop with."""
        if self.over():
            return
        self._stopped = True
        self.desk.handle(StopAsked(self._floor.world.now(), why))

    def now(self) -> int:
        """Simulated time in nanoseconds."""
        return self._floor.world.now()

    def over(self) -> bool:
        """Whether it has ended."""
        return self.desk.ended is not None

    def close(self, exit_code: Callable[[RunResult], int]) -> RunResult:
        """Let what is on the wire arrive, hear the judge, and write the last record."""
        self._floor.world.settle(2 * max(one.capabilities.latency_ns for one in self.venues))
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
        untouched = not any(venue.position or venue.opening for venue in self.venues)
        result = self._result(EndRun(EndName.HALTED, Risk.FLAT, str(error)))
        if untouched and result.verified:
            return result
        return msgspec.structs.replace(result, ended=EndRun(EndName.HALTED, Risk.UNKNOWN, str(error)))

    def _leave(self) -> None:
        for venue, gateway in zip(self.venues, self._gateways, strict=True):
            self._floor.world.detach(venue)
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
            judge(
                venue,
                leg.position if leg.known else None,
                self._floor.accounts,
                keep=self._kept_stop(venue.leg) if keeps else frozenset(),
            )
            for venue, leg in zip(self.venues, self.desk.state.legs, strict=True)
        )

    def _kept_stop(self, index: int) -> frozenset[str]:
        """Client id of the leg's kept stop, if there is one."""
        spec, stop = self.program.legs[index], self.desk.state.legs[index].stop
        return frozenset() if stop is None else frozenset({order_key(self.header.run_id, spec.name, stop.n)})

    def _venue(self, index: int, book: int, wire: PaperWire) -> PaperVenue:
        world, spec = self._floor.world, self.program.legs[index]
        venue = PaperVenue(
            index,
            self._floor.capabilities[spec.instrument.venue],
            spec.instrument,
            world.books[book],
            self.accounts[index],
            world.at,
            wire.tell,
            world.now,
            seed=self._floor.seed,
        )
        world.attach(book, venue)
        return venue

    def _gateway(self, index: int, wire: PaperWire) -> Gateway:
        world, venue = self._floor.world, self.venues[index]
        gateway = Gateway(
            index,
            venue.capabilities,
            traffic_to(self._floor, venue.capabilities),
            wire.send,
            emit=self._emit,
            now=world.now,
            at=world.at,
            lowers_risk=self._lowers_risk,
        )
        wire.connect(venue, gateway.hear)
        return gateway

    def _lowers_risk(self, request: PlaceOrder) -> bool:
        return lowers_risk(self.program, self.desk.state, request)

    def _emit(self, event: Event) -> None:
        self.desk.handle(event)

    def _record(
        self, event: Event, commands: tuple[Command, ...], state: State, digest: str, *, durable: bool
    ) -> None:
        self._floor.journal.append(
            self.header.run_id, state.seq, state.now_ns, event, commands, digest, durable, state
        )
        for alert in self._floor.vitals.note(self.header.run_id, event, commands):
            _raise(self._floor, alert)

    def _watched(self, event: Event, state: State) -> None:
        if type(event) is PositionRead and event.leg not in self._mismatched:
            for alert in of_read(self.program, state, event):
                self._mismatched.add(event.leg)
                _raise(self._floor, alert)
        self._watch(event, state)

    def _read_book(self, books: tuple[int, ...], request: ReadBook) -> Answer:
        world = self._floor.world
        return world.books[books[request.leg]].read(world.now(), request)

    def _alert(self, request: SendAlert) -> bool:
        state, level, text = self.desk.state, request.level, request.text
        if state.stage is Stage.HALT:
            level, text = halt_level(self._alerts, self.program, state), str(HALT.raised(text))
        self._floor.alert(level, text)
        return True

    def _tell_end(self, ended: EndRun) -> None:
        """What a halt leaves behind, as loud as the halt; a good end where the policy wants to hear of it."""
        for alert in of_end(self.program, ended):
            self._floor.alert(halt_level(self._alerts, self.program, self.desk.state), str(alert))
        level = self._alerts.get("done")
        if level is not None and ended.end is not EndName.HALTED:
            self._floor.alert(level, f"{self.program.name} is done: {ended.end.value}")

    def _ledger(self, account: Account) -> tuple[int | None, int | None]:
        """What the journal knows of an account; one that it never heard of is a new one of ours, and known as
        it is.
        """
        known = self._floor.reader.last_ledger(MODE, account.market, account.venue, account.symbol)
        if known is None:
            note(self._floor.journal, account, "first use")
            return account.lots, account.entry
        return known


def load_account(floor: Floor, spec: LegSpec) -> Account:
    """The paper account a leg trades."""
    instrument = spec.instrument
    return floor.accounts.load(
        floor.market, instrument.venue, instrument.symbol, instrument.lot, instrument.tick
    )


def traffic_to(floor: Floor, capabilities: Capabilities) -> Traffic:
    """The traffic to a venue, shared by every leg of every run on the floor."""
    known = floor.traffic.get(capabilities.venue)
    if known is None:
        known = Traffic(
            capabilities,
            now=floor.world.now,
            at=floor.world.at,
            alert=partial(_raise, floor),
            dice=Random(f"{floor.seed}:{capabilities.venue}"),
        )
        floor.traffic[capabilities.venue] = known
    return known


def _raise(floor: Floor, alert: Alert) -> None:
    floor.alert(alert.severity, str(alert))
