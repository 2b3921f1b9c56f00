"""One run: accounts, seats, a desk, one line in the journal for each step; at the end a second opinion."""

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from dnkit.desk.desk import Answer, Desk
from dnkit.engine.state import Stage, State
from dnkit.journal.reader import Reader
from dnkit.journal.records import Position, RunHeader
from dnkit.journal.writer import Journal
from dnkit.machine.program import Program
from dnkit.model.commands import Command, EndRun, PlaceOrder, ReadBook, SendAlert
from dnkit.model.errors import DnkitError
from dnkit.model.events import Event, Restarted, Started, StopAsked
from dnkit.model.ids import order_key
from dnkit.model.terms import EndName, Risk
from dnkit.runtime.alerts import Alerts, halt_level
from dnkit.runtime.house import House, Time
from dnkit.runtime.seeding import MODE, note
from dnkit.venues.account import Account
from dnkit.venues.judge import Verdict

Watch = Callable[[Event, State], None]
NO_ALERTS: Alerts = {}


class Floor(msgspec.Struct, frozen=True):
    """Shared by all runs of a command; `alert` carries an alert to a human."""

    journal: Journal
    reader: Reader
    house: House
    world: Time
    alert: Callable[[str, str], None]


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
        return any(leg.fill_ns for leg in self.state.legs)


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
        self._stopped = False
        self._began_ns = floor.world.now()
        self.accounts = tuple(floor.house.account(spec) for spec in program.legs)
        self.seats = tuple(
            floor.house.seat(index, spec, self.accounts[index], books[index], header.run_id, self._emit)
            for index, spec in enumerate(program.legs)
        )
        self.desk = Desk(
            program,
            state,
            ports=self.seats,
            record=self._record,
            read_book=partial(self._read_book, tuple(books)),
            alert=self._alert,
            now=floor.world.now,
            at=floor.world.at,
            watch=watch,
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
        """Go on with a run whose process died. Its seats remember its orders by the journal."""
        requests = [
            request
            for line in self._floor.reader.lines(self.header.run_id)
            for request in line.requests()
            if isinstance(request, PlaceOrder)
        ]
        for index, seat in enumerate(self.seats):
            seat.remember(one for one in requests if one.leg == index)
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
        self._floor.world.settle(2 * max(seat.latency_ns for seat in self.seats))
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
        self._tell_done(result.ended)
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
        for seat in self.seats:
            seat.leave()

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
        spec, stop = self.program.legs[index], self.desk.state.legs[index].stop
        return frozenset() if stop is None else frozenset({order_key(self.header.run_id, spec.name, stop.n)})

    def _emit(self, event: Event) -> None:
        self.desk.handle(event)

    def _record(
        self, event: Event, commands: tuple[Command, ...], state: State, digest: str, *, durable: bool
    ) -> None:
        self._floor.journal.append(
            self.header.run_id, state.seq, state.now_ns, event, commands, digest, durable, state
        )

    def _read_book(self, books: tuple[int, ...], request: ReadBook) -> Answer:
        world = self._floor.world
        return world.books[books[request.leg]].read(world.now(), request)

    def _alert(self, request: SendAlert) -> bool:
        state, level = self.desk.state, request.level
        if state.stage is Stage.HALT:
            level = halt_level(self._alerts, self.program, state)
        self._floor.alert(level, request.text)
        return True

    def _tell_done(self, ended: EndRun) -> None:
        """An alert for a run that ended as intended, where the policy wants one."""
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
